"""What is found in a text, and above all what is not."""

import time

import pytest

from domain.training_data.personal_data.search import find
from tests.domain.training_data.personal_data import made_up

ID = made_up.resident_id()
CARD = made_up.bank_card()
BLOCKS = " ".join(CARD[at : at + 4] for at in range(0, 16, 4))
FULL_WIDTH = str.maketrans("0123456789", "\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19")


def found(text: str) -> list[tuple[str, str]]:
    """Return the kind of each hit and the characters it covers."""
    return [(str(hit.kind), text[hit.start : hit.end]) for hit in find(text)]


@pytest.mark.parametrize(
    ("text", "kind", "part"),
    [
        (f"身份证号{ID}。", "cn_resident_id", ID),
        (f"ID: {made_up.resident_id_ending_in_x()}", "cn_resident_id", made_up.resident_id_ending_in_x()),
        (f"id {made_up.resident_id_ending_in_x().lower()}", "cn_resident_id", None),
        (f"{ID[:6]} {ID[6:14]} {ID[14:]}", "cn_resident_id", None),
        (f"卡号{CARD}的余额", "bank_card", CARD),
        (f"Card {BLOCKS}, please", "bank_card", BLOCKS),
        (made_up.bank_card("622848001234567895"), "bank_card", None),
        (made_up.bank_card("453998765432102"), "bank_card", None),
        (made_up.bank_card("545612387654321"), "bank_card", None),
        ("电话13912345678谢谢", "phone_number", "13912345678"),
        ("139-1234-5678", "phone_number", None),
        ("13925550143", "phone_number", "13925550143"),
        ("139 1234 5678", "phone_number", None),
        ("139.1234.5678", "phone_number", None),
        ("139\u20141234\u20145678", "phone_number", None),
        ("139\u30001234\u00a05678", "phone_number", None),
        ("13912345678".translate(FULL_WIDTH), "phone_number", None),
        ("139\u200b1234\u200d5678", "phone_number", None),
        ("\u200b".join("13912345678"), "phone_number", None),
        ("\ufe0f\u20e3".join("13912345678"), "phone_number", None),
        ("+86 139 1234 5678", "phone_number", None),
        ("(+86)13912345678", "phone_number", None),
        ("008613912345678", "phone_number", None),
        ("座机010-62345678", "phone_number", "010-62345678"),
        ("(0571) 8765 4321", "phone_number", None),
        ("\uff080755\uff0926001234", "phone_number", None),
        ("+1 (202) 456-1414 is open", "phone_number", "+1 (202) 456-1414"),
        ("+44 20 7946 0958 2 lines", "phone_number", "+44 20 7946 0958"),
        ("**13912345678**", "phone_number", "13912345678"),
        ('print("call\\n13912345678")', "phone_number", "13912345678"),
        ("邮箱zhang.san@noplace.com。", "email_address", "zhang.san@noplace.com"),
        ("Li.Si+news@mail.noplace.edu.cn.", "email_address", "Li.Si+news@mail.noplace.edu.cn"),
        ("zhangsan\uff20noplace.com", "email_address", None),
        ("13912345678@noplace.com", "email_address", None),
        ("write to zhang@noplace.com.Thanks", "email_address", "zhang@noplace.com"),
        ("zhang@noplace.com(备用)", "email_address", "zhang@noplace.com"),
        ('"a\\nzhang@noplace.com"', "email_address", "zhang@noplace.com"),
    ],
)
def test_finds(text: str, kind: str, part: str | None) -> None:
    assert found(text) == [(kind, text if part is None else part)] or part is None
    assert [hit for hit, _ in found(text)] == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "订单号13912345678已发货。",
        "运单编号: 13912345678",
        "Order no. 13912345678 has shipped; tracking number 13912345679.",
        '{"order_id": 13912345678}',
        f"流水号 {CARD}",
        "SN13912345678 ORD-13912345678 x_13912345678",
        "请拨打95588或400-810-1234, 也可拨打800-820-1234、12345、110、+86 400 810 1234。",
        "Call 1-800-555-0199 or +1 800 275 2273; fiction uses +1 202 555 0143.",
        "时间戳 1732530600 1732530600123 1732530600123456 1732530600123456789",
        "2024-11-25 10:30:00 2024年11月25日 20241125103000 1999-2024",
        "价格 12800.00 元, ¥1,391,234,567.80, 139123456.78, 0.13912345678, 180.79155222",
        "营收13912345678元, 共 13912345678 元, 预算 $13912345678, \uffe513912345678, 15912345678万",
        "ISBN 978-7-111-40701-0, ISBN 9787111407010, ISBN-10 7-302-12345-X",
        "v3.11.4 10.0.19045.3570 192.168.100.200:8080 1.2.840.113549.1.1.11",
        "550e8400-e29b-41d4-a716-446655440000 d41d8cd98f00b204e9800998ecf8427e",
        "13800138000 13900000000 18888888888 00000000000 12345678901",
        "4111 1111 1111 1111, 4242424242424242, 5555-5555-5555-4444, 378282246310005",
        "1234567812345678 1234 5678 1234 5678 0000000000000000",
        "110101199003070000 110101199013071234 123456789012345678",
        "2**34 == 17179869184; x = 3.13912345678e10; [13, 14, 15, 16, 17, 18]",
        "13 14 15 16 17 18 19 20 21 22 23",
        "user@example.com, li@mail.example.org, yourname@noplace.com, support@acme.cn, noreply@x.io",
        "q @ k.T; q@k.transpose(-2, -1); x@self.weights.T; a@b.to(device); W@x",
        "@app.route('/'), @pytest.mark.asyncio, git@github.com:a/b.git, lodash@4.17.21, https://medium.com/@ann",
        "ssh://deploy@build.acme.cn/x postgres://user:password@db.acme.cn/shop redis://:${PASSWORD}@cache.acme.cn",
        "https://acme.cn:8443/a@b http://localhost:8000/docs",
        "sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx sk-your-api-key-goes-here sk-1234567890abcdef1234567890abcdef",
        "sk-estimator-doc-link sk-toggleable__label-arrow ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx tw_key",
        "AKIAIOSFODNN7EXAMPLE 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' Bearer YOUR_TOKEN_GOES_RIGHT_HERE_1",
        "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
        "api_key = os.environ['DASHSCOPE_API_KEY']; password = 'secret'",
        "这是一段没有任何个人信息的文字, 只有第 3 步和 50% 的折扣。",
        "",
    ],
)
def test_finds_nothing_in(text: str) -> None:
    assert found(text) == []


PYTHON_LESSONS = """
import re, hashlib
PHONE = re.compile(r"^1[3-9]\\d{9}$")  # 匹配手机号
EMAIL = re.compile(r"[\\w.+-]+@[\\w-]+\\.[\\w.]+")
total = sum(range(1, 10_000_000)); big = 2 ** 64 - 1  # 18446744073709551615
seed = 1234567890; pi = 3.141592653589793; eps = 2.220446049250313e-16
assert hashlib.sha256(b"").hexdigest() == \
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
print(datetime.fromtimestamp(1700000000), "2023-11-14T22:13:20+00:00", 0xDEADBEEF, 1_391_234_567_8)
scores = y_hat@weights.sum(axis=0)
user = {"name": "张三", "email": "zhangsan@example.com", "phone": "13800000000"}
client = OpenAI(api_key="sk-xxxx", base_url="https://dashscope.aliyuncs.com/compatible-mode/v1")
"""
CUSTOMER_SERVICE = """
您好, 订单 20241125103000123456 已于 2024-11-25 10:30 发货, 快递单号: SF1391234567890, 预计 3-5 天送达。
退款 ¥1299.00 会在 7 个工作日内原路退回, 流水号 4200001234202411251234567890。
如需人工服务请拨打 400-820-8820 转 2, 或 95533。客服邮箱 service@acme.cn。
Your order #112-3941689-8772232 ships on 11/25/2024; RMA 13912345; total $1,299.99; SKU 6222021234.
Call our hotline 800-810-8888 (24/7), quote ticket 13912345678, or write to support@acme.com.
"""


@pytest.mark.parametrize("text", [PYTHON_LESSONS, CUSTOMER_SERVICE], ids=["lessons", "service"])
def test_gives_no_false_alarm_in_ordinary_training_data(text: str) -> None:
    assert found(text) == []


def test_hits_stand_in_order_and_do_not_overlap() -> None:
    text = f"{CARD} zhang@noplace.com 13912345678@noplace.com 13912345678 {ID}"
    assert [kind for kind, _ in found(text)] == [
        "bank_card",
        "email_address",
        "email_address",
        "phone_number",
        "cn_resident_id",
    ]


def test_one_value_has_one_placeholder_however_it_is_written() -> None:
    hits = find("13912345678, +86 139-1234-5678, 13812345679, Li@noplace.com, li@NoPlace.com")
    assert [hit.replacement for hit in hits] == [
        "[PHONE_1]",
        "[PHONE_1]",
        "[PHONE_2]",
        "[EMAIL_1]",
        "[EMAIL_1]",
    ]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("139-1234-5678", "139****5678"),
        (ID, f"110****{ID[-2:]}"),
        (CARD, f"622****{CARD[-4:]}"),
        ("zhangsan@noplace.com", "z****.com"),
        ("https://bob:s3cr7tK9@db.acme.cn", "****"),
        ("+65 6123 4567", "+65****4567"),
    ],
)
def test_a_mask_shows_the_ends_only(text: str, masked: str) -> None:
    assert [hit.masked for hit in find(text)] == [masked]


KEY_WORDS = (
    "password ",
    "aws_secret_key='",
    "-----BEGIN PRIVATE KEY-----",
    "eyJa.eyJb.",
    "sk-",
    "://a:",
    "+1-",
    "a@",
)
HOSTILE = (
    "1",
    "a",
    "-",
    "@",
    " ",
    "\n",
    "1-",
    "+1-1-1-1-1-1-1-1-1 ",
    "a.",
    "@a.",
    "eyJ=",
    "A1b2",
    "010-",
    "1\u200b",
    "(0",
)


@pytest.mark.parametrize("word", [*KEY_WORDS, *HOSTILE], ids=ascii)
def test_hostile_text_costs_little(word: str) -> None:
    text = word * (400_000 // len(word))
    started = time.process_time()
    find(f"password={made_up.token(60)} a@b.cn 13912345678 eyJ sk- :// {text} +65 6123 4567")
    assert time.process_time() - started < 1
