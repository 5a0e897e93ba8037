// A conversation with the `openai` package for Node and with `standardwebhooks`: JSON in, JSON out.

import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

import OpenAI, { toFile } from 'openai';
import { VERSION } from 'openai/version';
import { Webhook } from 'standardwebhooks';

const MODEL = 'qwen3-32b';
const ASKED = [{ role: 'user', content: 'What is a boat?' }];
const ENDS = ['succeeded', 'failed', 'cancelled'];

const order = JSON.parse(await text(process.stdin));
const training = Buffer.from(order.training);
const client = new OpenAI({
  baseURL: order.base_url,
  apiKey: order.api_key,
  webhookSecret: order.webhook_secret,
});
const seen = { major: Number(VERSION.split('.')[0]) };

async function every(pages) {
  const items = [];
  for await (const item of pages) items.push(item);
  return items;
}

/** The class, code and param of the error that a call throws. */
async function refusal(call) {
  try {
    await call();
  } catch (error) {
    assert.match(error.requestID, /^req_/);
    return [error.constructor.name, error.status, error.code, error.param];
  }
  throw new Error('this was not refused');
}

/** What was delivered about an object to one of the customer's addresses. */
async function delivered(name, about) {
  const got = await (await fetch(`${order.customer}/delivered/${name}/${about}`)).json();
  return { headers: got.headers, body: Buffer.from(got.body, 'base64').toString() };
}

async function models() {
  seen.models = (await every(client.models.list())).map((model) => model.id);
  assert.equal((await client.models.retrieve(MODEL)).id, MODEL);
  seen.noModel = await refusal(() => client.models.retrieve('ft:no/such:model'));
}

async function files() {
  const file = await client.files.create({
    file: await toFile(training, 'train.jsonl'),
    purpose: 'fine-tune',
    expires_after: { anchor: 'created_at', seconds: 3600 },
  });
  await client.files.waitForProcessing(file.id, { pollInterval: 100 });
  assert.deepEqual(await client.files.retrieve(file.id), file);
  assert.deepEqual((await every(client.files.list({ limit: 1 }))).map(({ id }) => id), [file.id]);
  assert.equal(await (await client.files.content(file.id)).text(), order.training);
  seen.file = [file.status, file.expires_at - file.created_at];
  return file;
}

async function uploads() {
  const half = Math.ceil(training.length / 2);
  const known = { filename: 'big.jsonl', purpose: 'fine-tune', mime_type: 'text/jsonl' };
  const upload = await client.uploads.create({ bytes: training.length, ...known });
  const parts = await Promise.all(
    [training.subarray(0, half), training.subarray(half)].map(async (bytes) =>
      client.uploads.parts.create(upload.id, { data: await toFile(bytes, 'part') }),
    ),
  );
  const whole = await client.uploads.complete(upload.id, { part_ids: parts.map(({ id }) => id) });
  assert.equal(await (await client.files.content(whole.file.id)).text(), order.training);
  const other = await client.uploads.create({ bytes: 9, ...known });
  seen.uploads = [upload.status, whole.status, (await client.uploads.cancel(other.id)).status];
}

async function jobs(file) {
  const { jobs } = client.fineTuning;
  const job = await jobs.create({
    model: MODEL,
    training_file: file.id,
    suffix: 'boats',
    metadata: { team: 'a', 'two words': 'é' },
    method: { type: 'supervised', supervised: { hyperparameters: { n_epochs: 2 } } },
    webhook_url: `${order.customer}/hook/node`,
  });
  const other = await jobs.create({
    model: MODEL,
    training_file: file.id,
    hyperparameters: { n_epochs: 'auto' },
  });
  assert.deepEqual(await jobs.retrieve(job.id), job);
  assert.deepEqual((await every(jobs.list({ limit: 1 }))).map(({ id }) => id), [other.id, job.id]);
  const wanted = jobs.list({ metadata: { team: 'a', 'two words': 'é' } });
  assert.deepEqual((await every(wanted)).map(({ id }) => id), [job.id]);
  // This package writes the key of an array with brackets: what is not known to us must not be refused.
  assert.equal((await every(jobs.list({ include: ['a', 'b'] }))).length, 2);
  seen.created = [job.status, job.metadata];
  seen.cancelled = (await jobs.cancel(other.id)).status;
  seen.cancelledTwice = await refusal(() => jobs.cancel(other.id));
  seen.tooManyEpochs = await refusal(() =>
    jobs.create({ model: MODEL, training_file: file.id, hyperparameters: { n_epochs: 51 } }),
  );
  const [paused, resumed] = [await jobs.pause(job.id), await jobs.resume(job.id)];
  seen.pause = [paused.status, paused.paused ?? false, resumed.status, resumed.paused ?? false];
  return job;
}

async function endpoints() {
  const made = await client.webhooks.create({
    name: 'jobs',
    url: `${order.customer}/hook/endpoint`,
    event_types: ['fine_tuning.job.succeeded'],
  });
  const rotated = await client.webhooks.rotateSecret(made.id, { keep_old_secret_active_for_24_hours: true });
  const tried = await client.webhooks.test(made.id, { event_type: 'fine_tuning.job.succeeded' });
  const listed = await every(client.webhooks.list({ limit: 1 }));
  assert.deepEqual(listed.map(({ id }) => id), [made.id]);
  seen.endpoint = [listed[0].name, tried.success, (await client.webhooks.update(made.id, { name: 'all' })).name];
  return { ...made, secrets: [made.signing_secret, rotated.signing_secret] };
}

async function tuned(job) {
  const giveUp = Date.now() + 30_000;
  let now = job;
  while (!ENDS.includes(now.status)) {
    assert.ok(Date.now() < giveUp, JSON.stringify(now));
    await sleep(100);
    now = await client.fineTuning.jobs.retrieve(job.id);
  }
  const events = await every(client.fineTuning.jobs.listEvents(job.id, { limit: 2 }));
  seen.ended = [now.status, events.length > 3, new Set(events.map(({ id }) => id)).size === events.length];
  const checkpoints = await every(client.fineTuning.jobs.checkpoints.list(job.id, { limit: 1 }));
  seen.checkpoints = checkpoints.length > 0;
  return now;
}

async function webhooks(job, endpoint) {
  const { headers, body } = await delivered('node', job.id);
  const event = await client.webhooks.unwrap(body, headers);
  const verified = new Webhook(order.webhook_secret).verify(body, headers);
  assert.deepEqual(verified, event);
  assert.throws(() => new Webhook(order.webhook_secret).verify(`${body} `, headers));
  seen.webhook = [event.type, event.data.id === job.id];
  const told = await delivered('endpoint', job.id);
  // The old secret and the new one each fit for a day.
  for (const secret of endpoint.secrets) {
    await client.webhooks.unwrap(told.body, told.headers, secret);
    new Webhook(secret).verify(told.body, told.headers);
  }
  seen.endpointWebhook = JSON.parse(told.body).type;
  seen.endpointDeleted = (await client.webhooks.delete(endpoint.id)).deleted;
}

async function chat(model) {
  const { completions } = client.chat;
  const whole = (await completions.create({ model, messages: ASKED, max_tokens: 200 })).choices[0].message.content;
  const chunks = await every(await completions.create({ model, messages: ASKED, stream: true }));
  const pieces = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '');
  seen.chat = [whole.length > 0, pieces.length > 2, pieces.join('') === whole];
}

async function cleaningUp(job, file) {
  assert.equal((await client.models.retrieve(job.fine_tuned_model)).id, job.fine_tuned_model);
  seen.modelDeleted = (await client.models.delete(job.fine_tuned_model)).deleted;
  seen.fileDeleted = (await client.files.delete(file.id)).deleted;
  seen.noFile = await refusal(() => client.files.retrieve(file.id));
}

await models();
const file = await files();
await uploads();
const job = await jobs(file);
const endpoint = await endpoints();
await fetch(`${order.customer}/work`, { method: 'POST' });
const ended = await tuned(job);
await webhooks(ended, endpoint);
await chat(ended.fine_tuned_model);
await cleaningUp(ended, file);
console.log(JSON.stringify(seen));
