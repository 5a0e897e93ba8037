"""Questions and answers of several subjects, as people write them, in two languages."""

# ruff: noqa: E501, RUF001, SIM905 - a question and its answer are one line, Chinese as it is written

from typing import Final

REFUNDS: Final = """\
How long does a refund take?|Refunds are paid within five working days after the returned parcel has arrived.
Can I get my money back if the shoes don't fit?|Yes, return them unworn within 30 days and we refund the full price.
I was charged twice for the same order.|I am sorry. The second payment is released by your bank within three days; otherwise we refund it.
Where do I find the return label?|Open the order in your account and choose Return; the label is sent by email as a PDF.
Do I have to pay for the return shipping?|Returns are free within the country. From abroad you pay the postage yourself.
My refund is 5 dollars short, why?|The express delivery fee is not refunded; the price of the items is returned in full.
Can I exchange a shirt for a bigger size?|Please return the shirt for a refund and place a new order with the size you need.
The parcel arrived damaged, what now?|Send us a photo of the damage and we refund the order or ship a replacement, as you prefer.
I lost the receipt, can I still return the jacket?|Yes, the order number is enough for a return; you find it in the confirmation email.
Will the refund go to my gift card?|Refunds go back the way you paid: to the gift card, the credit card or the account.
How do I cancel an order before it ships?|Choose Cancel in your account. If the order has not shipped, the payment is returned at once.
Can I return sale items?|Yes, items on sale can be returned within 14 days; the refund is the price you paid.
My return was rejected. Why?|Returns are rejected when the item was worn or its tags are missing. Contact us with photos to check again.
I sent back two items but only one was refunded.|Please send me the tracking number of the return; the warehouse will look for the second item.
Is there a fee for late returns?|After 30 days we cannot refund the money, but we offer store credit for unworn items.
How can I check the status of my refund?|Open your order and look under Refund: it shows received, checked or paid.
Can my neighbour drop off the return parcel?|Yes, anybody can hand in the parcel with the label at a post office.
I paid with PayPal and my account is closed.|Then PayPal rejects the refund and we transfer the money to your bank account instead.
Do you refund the price difference if it gets cheaper?|Within seven days of the order we refund the difference on request.
Can I return part of a bundle?|A bundle can only be returned complete; the refund covers the price of the bundle.
Which address do I send returns to?|The address is printed on the return label; parcels sent elsewhere delay the refund.
The courier never collected my return.|I have booked a new pickup for tomorrow. Please keep the label on the parcel.
Can I get a refund for a personalised mug?|Personalised items are excluded from returns unless they arrive damaged or faulty.
When does the 30 day return period start?|It starts on the day the parcel is delivered, not on the day of the order.
""".strip().splitlines()

OTHERS: Final = [
    block.strip().splitlines()
    for block in """\
How do I boil an egg so the yolk stays soft?|Put it in boiling water for six minutes, then cool it under cold water.
What can I use instead of butter in a cake?|Vegetable oil or apple sauce; take three quarters of the amount of butter.
Why did my bread not rise?|The yeast was old or the dough too cold. Let the dough rise in a warm place for an hour.
How long can cooked rice stay in the fridge?|Two days at most; cool the rice quickly and reheat it until it steams.
How much salt goes into pasta water?|About ten grams of salt per litre, added when the water boils.
Which pan is good for frying fish?|A hot cast iron pan with a little oil; dry the fish and fry it skin down.
How do I keep basil fresh?|Stand it in a glass of water at room temperature and cut the stems every other day.
What makes a soup thicker?|Blend part of the vegetables, or stir in a spoon of flour with cold water and boil it.

How do I reverse a list in Python?|Call items.reverse() to change the list, or use items[::-1] for a reversed copy.
What does the static keyword mean in Java?|A static member belongs to the class and not to an object of it.
Why does my loop never stop?|The condition of the loop never becomes false; print the variable in each iteration to see it.
How do I read a file line by line?|Open the file in a with block and iterate: for line in file.
What is a null pointer exception?|The code calls a method on a variable that refers to no object.
How do I merge two branches in git?|Check out the target branch, run git merge with the other branch and commit the result.
What is the difference between a list and a tuple?|A list can be changed, a tuple cannot, so a tuple can be a dictionary key.
How do I sort a dictionary by value?|Call sorted on the items with key=lambda item: item[1].

Who built the pyramids of Giza?|Egyptian workers built them around 2500 BC for the pharaohs of the fourth dynasty.
When did the Roman Empire fall?|The western empire ended in 476, when the last emperor was deposed by Odoacer.
What started the First World War?|The murder of Archduke Franz Ferdinand in 1914 set alliances in motion that led to war.
Who was the first emperor of China?|Qin Shi Huang united the kingdoms in 221 BC and became the first emperor.
What was the Silk Road?|A network of trade routes between China and the Mediterranean, for silk, spices and ideas.
Why did the Berlin Wall come down?|Protests and reforms in eastern Europe led East Germany to open the border in 1989.
Who wrote the Magna Carta?|English barons forced King John to accept it in 1215; bishops drafted the text.
When did the French Revolution begin?|It began in 1789 with the storming of the Bastille in Paris.

How many planets does the solar system have?|Eight planets go round the sun; Pluto has been a dwarf planet since 2006.
Why is the sky blue?|Air scatters blue light more than red light, so blue reaches us from everywhere.
What is a black hole?|A region where gravity is so strong that light cannot leave it.
How far away is the moon?|About 384,000 kilometres; light needs a little over a second.
Why do we have seasons?|The axis of the earth is tilted, so sunlight falls at another angle in summer and winter.
What are stars made of?|Hydrogen and helium, which fuse in the core and give light.
How hot is the sun?|About 5,500 degrees at the surface and 15 million in the core.
What causes a lunar eclipse?|The earth stands between sun and moon and its shadow falls on the moon.

How often should I run as a beginner?|Run three times a week for twenty minutes, with a day of rest between the runs.
Which muscles do squats train?|Thighs, glutes and the lower back; keep your knees over your feet.
How do I stop snacking in the evening?|Eat enough protein at dinner and brush your teeth early.
Is stretching before a workout useful?|Warm up with movement first; long stretching belongs after the workout.
How much protein do muscles need?|About 1.6 grams per kilogram of body weight a day if you train.
What helps against sore muscles?|Light movement, sleep and warmth; train other muscles meanwhile.
How long should I hold a plank?|Three times thirty seconds with a straight back is a good training.
Can I build muscle at home?|Yes, with push-ups, squats and a band, if you train until it is hard.
""".split("\n\n")
]

REFUNDS_ZH: Final = """\
退款多久能到账？|退货包裹签收后，退款会在五个工作日内原路返回。
鞋子不合脚可以退货吗？|可以，未穿着的鞋子三十天内支持退货，我们会全额退款。
同一个订单扣了两次钱怎么办？|非常抱歉，重复扣款会在三天内由银行退回，否则我们为您办理退款。
退货标签在哪里下载？|请打开订单页面，点击申请退货，退货标签会发送到您的邮箱。
退货运费由谁承担？|国内退货运费由我们承担，海外退货需要您自行支付运费。
为什么退款少了五块钱？|加急运费不予退款，商品金额已经全额退款。
衬衫买小了能换大一码吗？|请先申请退货退款，再重新下单选择合适的尺码。
收到的包裹破损了。|请拍照上传破损的商品，我们会为您退款或补发。
发票丢了还可以退货吗？|可以，退货只需要订单号，在确认邮件里可以找到。
退款会退到礼品卡吗？|退款按照原支付方式退回，礼品卡、信用卡或余额。
订单还没发货怎么取消？|在订单页面点击取消订单，未发货的订单会立即退款。
特价商品支持退货吗？|支持，特价商品十四天内可以退货，按照实际支付金额退款。
我的退货申请被拒绝了。|商品穿着过或吊牌缺失会被拒绝退货，请提供照片重新审核。
寄回两件商品只收到一件的退款。|请提供退货快递单号，仓库会查找另一件商品并退款。
超过三十天还能退货吗？|超过期限无法退款，但未使用的商品可以换成购物券。
怎样查询退款进度？|打开订单点击退款详情，可以看到已签收、已审核、已退款。
邻居可以帮我寄退货吗？|可以，任何人都可以带着退货标签到快递点寄出包裹。
付款账户注销了退款怎么办？|原账户退款失败后，我们会把退款转到您的银行卡。
降价了可以退差价吗？|下单七天内降价，联系客服即可退还差价。
套装可以只退一件吗？|套装商品需要整套退货，退款金额为套装价格。
退货地址是哪里？|退货地址印在退货标签上，寄错地址会影响退款时间。
快递员没有上门取退货。|已经为您重新预约明天上门取件，请把退货标签贴好。
定制杯子能退款吗？|定制商品不支持退货，除非商品破损或存在质量问题。
退货期限从哪天开始算？|退货期限从包裹签收当天开始计算，而不是下单当天。
""".strip().splitlines()

OTHERS_ZH: Final = [
    block.strip().splitlines()
    for block in """\
溏心蛋怎么煮？|水烧开后放入鸡蛋煮六分钟，捞出后用冷水冷却。
做蛋糕可以用什么代替黄油？|可以用植物油或者苹果泥代替黄油，用量减少四分之一。
面包为什么发不起来？|酵母过期或者面团温度太低，把面团放在温暖的地方发酵一小时。
米饭在冰箱里能放几天？|米饭冷却后放冰箱最多两天，食用之前要彻底加热。
煮面条放多少盐？|每升水放十克盐，水烧开以后再放盐。
煎鱼用什么锅比较好？|用烧热的铁锅加少量油，鱼擦干水分再煎。
怎么保存新鲜的香菜？|把香菜根部泡在清水里，放冰箱冷藏。
怎么让汤变浓稠？|把部分蔬菜打成泥，或者用面粉加冷水勾芡再煮开。

Python 怎么反转列表？|调用列表的 reverse 方法，或者使用切片得到反转的列表副本。
Java 里的静态变量是什么意思？|静态变量属于类，而不属于某个对象实例。
我的循环为什么停不下来？|循环条件一直为真，在循环里打印变量检查代码逻辑。
怎么逐行读取文件？|使用 with 语句打开文件，然后用循环逐行读取文件对象。
空指针异常是什么？|代码在没有引用对象的变量上调用方法就会抛出异常。
怎么合并两个分支？|切换到目标分支，执行合并命令，解决代码冲突后提交。
列表和元组有什么区别？|列表可以修改，元组不能修改，所以元组可以作为字典的键。
怎么按照值对字典排序？|调用排序函数，参数传入返回字典值的匿名函数。

金字塔是谁建造的？|埃及工匠在公元前两千五百年左右为法老建造了金字塔。
罗马帝国什么时候灭亡？|西罗马帝国在公元四七六年灭亡，皇帝被废黜。
第一次世界大战的起因是什么？|萨拉热窝事件引发同盟国和协约国之间的世界大战。
中国第一个皇帝是谁？|秦始皇在公元前二二一年统一六国，成为第一位皇帝。
丝绸之路是什么？|古代连接中国和地中海的贸易路线，运输丝绸和香料。
柏林墙为什么倒塌？|东欧的抗议和改革使东德在一九八九年开放边境。
大宪章是谁起草的？|英国贵族迫使约翰国王在一二一五年签署大宪章。
法国大革命什么时候爆发？|法国大革命在一七八九年爆发，巴黎民众攻占巴士底狱。

太阳系有几颗行星？|太阳系有八颗行星，冥王星属于矮行星。
天空为什么是蓝色的？|大气散射蓝光比红光更强，所以天空呈现蓝色。
黑洞是什么？|黑洞的引力非常强，连光线都无法逃逸。
月球离地球有多远？|月球距离地球约三十八万公里，光线需要一秒多。
为什么会有四季？|地球自转轴倾斜，太阳光照射角度随季节变化。
恒星由什么组成？|恒星由氢和氦组成，核心发生核聚变发光。
太阳的温度有多高？|太阳表面温度约五千五百度，核心温度一千五百万度。
月食是怎么形成的？|地球位于太阳和月球之间，地球的影子遮住月球。

初学者每周跑步几次？|每周跑步三次，每次二十分钟，两次跑步之间休息一天。
深蹲锻炼哪些肌肉？|深蹲锻炼大腿、臀部和下背部肌肉，膝盖不要超过脚尖。
晚上总想吃零食怎么办？|晚餐摄入足够的蛋白质，早点刷牙。
锻炼之前需要拉伸吗？|锻炼之前先热身，长时间拉伸放在锻炼之后。
增长肌肉需要多少蛋白质？|坚持锻炼的人每公斤体重每天需要一点六克蛋白质。
肌肉酸痛怎么缓解？|轻度运动、睡眠和热敷可以缓解肌肉酸痛。
平板支撑要坚持多久？|每组三十秒，做三组，保持背部挺直，锻炼核心肌肉。
在家里可以增肌吗？|可以，俯卧撑、深蹲和弹力带都能锻炼肌肉。
""".split("\n\n")
]

SHOP: Final = """\
How long does delivery take?|Standard delivery takes three to five working days, express arrives the next day.
Where is my parcel?|Open the tracking link in your shipping email; it shows where the parcel is.
Do you ship to Norway?|Yes, we ship to all of Europe; delivery to Norway takes about a week.
Can I change the delivery address?|As long as the order has not shipped you can change the address in your account.
Which courier do you use?|We ship with DHL and hand larger parcels to a freight company.
Delivery is late by a week.|I am sorry. I have asked the courier to trace the parcel and will write to you tomorrow.
Is shipping free?|Shipping is free above 50 euros, below that it costs 4.90.
Can I pick up my order in a store?|Yes, choose Pickup at checkout; the store keeps the order for ten days.
How do I return shoes?|Print the return label from your account and drop the box at any post office.
When do I get my refund?|Five working days after the return has arrived, to the card you paid with.
Can I exchange for another size?|Return the pair and place a new order with the right size.
Do you take back worn items?|No, only unworn items with tags can be returned within 30 days.
I forgot my password.|Click Forgot password on the login page and we email you a link to set a new one.
How do I delete my account?|Under Settings choose Delete account; your data is erased after 14 days.
Can I change my email?|Log in, open Profile and enter the new email; confirm it by the link we send.
I cannot log in.|Check caps lock and try the password reset; after five attempts login is blocked for an hour.
How do I turn off the newsletter?|Every newsletter has an unsubscribe link at the bottom, or change it under Settings.
Which payment methods do you accept?|We accept credit cards, PayPal, bank transfer and invoice.
My card was declined.|The bank declined it. Try another card or pay by PayPal.
Can I pay by invoice?|Yes, invoices are due within 14 days; first orders are limited to 200 euros.
Where is my invoice?|The invoice is attached to the confirmation email and under Orders as a PDF.
Do you offer instalments?|Yes, with Klarna you can pay in three instalments without interest.
Are the boots waterproof?|The boots have a waterproof membrane and sealed seams, fit for rain and snow.
What material is the jacket?|The shell is recycled polyester, the lining cotton.
How do I wash wool?|Wash wool cold by hand with wool detergent and dry it flat.
Do the shoes run small?|The model runs small, take half a size more.
Is the backpack fit for a laptop?|Yes, it has a padded sleeve for laptops up to 15 inches.
When is the blue jacket back in stock?|We expect new stock in two weeks; leave your email to be told.
Do you have gift cards?|Yes, from 10 to 200 euros, by email or printed, valid for three years.
How do I use a voucher?|Enter the code at checkout; only one voucher per order.
My voucher does not work.|The voucher may have expired or the order is below its minimum of 30 euros.
Is there a student discount?|Students get ten percent after proving their status.
""".strip().splitlines()
