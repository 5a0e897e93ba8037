"""10. A webhook secret is rotated while deliveries wait: for a day both sign."""

import json
from dataclasses import replace
from random import Random

from standardwebhooks import Webhook

from chaos import truth
from chaos.load import Load
from chaos.patience import demand, until, until_rest
from chaos.table import fault
from chaos.world import World


@fault(10, "secret-rotated", soaks=False)
def rotated(world: World, rng: Random, load: Load) -> None:
    """The receiver is away while deliveries gather and the secret changes; back, it may know either secret.

    Here it must verify everything by the old one; the oracles ask for the new one.
    """
    world.to_receiver.refuse()
    load.accepted(load.plan.jobs)
    until(lambda: _waiting(world, load), "no delivery waits")
    place = rng.randrange(len(world.tenants))
    old = world.tenants[place]
    made = json.loads(world.stack.command("keys", "rotate-webhook-secret", "--project", old.name, "--json"))
    world.tenants[place] = replace(old, secret=made["webhook_secret"])
    world.to_receiver.heal()
    until_rest(world, load)
    told = world.receiver.told(load.path(old))
    demand(bool(told), "nothing came to the project whose secret was rotated")
    for one in told:
        Webhook(old.secret).verify(one.body, one.headers)


def _waiting(world: World, load: Load) -> bool:
    rows = world.truth.rows(truth.OPEN, truth.of_run(load.run))
    return any(row["what"] == "delivery pending" for row in rows)
