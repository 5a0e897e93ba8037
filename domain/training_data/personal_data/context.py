"""What stands before a number and says that it is no person's: an order, a parcel, a book."""

import re
from typing import Final

_REACH: Final = 24
_THINGS_ZH: Final = (
    "订单|运单|单号|编号|序列号|流水号|发票|条码|条形码|批次|货号|快递|物流|交易号|工单|时间戳|案号|学号|工号"
)
_THINGS: Final = (
    "order|tracking|invoice|serial|ticket|transaction|parcel|shipment|isbn|issn|ean|upc|sku|imei|timestamp"
    "|version|item|product|case|reference"
)
_THING: Final = re.compile(
    rf"(?:(?:{_THINGS_ZH})(?:号码|编号|号|码)?|(?<![a-z])(?:{_THINGS}))"
    r"(?:[\s:\uff1a#=_\"'(\uff08\u662f\u4e3a]|ids?|no\.?|number|num|code|is|was)*$",
    re.IGNORECASE,
)


def numbers_a_thing(text: str, start: int) -> bool:
    """Tell whether the words right before `start` name a thing that has a number."""
    return _THING.search(text, max(0, start - _REACH), start) is not None
