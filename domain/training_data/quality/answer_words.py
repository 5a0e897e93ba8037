"""The words for what is wrong with answers, in the order of the report."""

from typing import Final

from domain.training_data.quality.wording import Words

WORDS: Final = {
    "short_answer": Words(
        "Very short answers: {count} of {total} ({share}).",
        "过短的回答:{total} 条中有 {count} 条({share})。",
        "Answer with details: what, why, how, and what to do next.",
        "请给出具体、详细的回答:是什么、为什么、怎么做、下一步是什么。",
    ),
    "vague_answer": Words(
        "Answers that say nothing, such as 'it depends': {count} of {total}.",
        "空泛的回答(例如“视情况而定”):{total} 条中有 {count} 条。",
        "Say something concrete: the cases, the numbers, the steps. What must not be answered can say why,"
        " and who can help.",
        "请给出具体内容:不同情况、数字、步骤。如果不能回答,请说明原因以及可以向谁求助。",
    ),
    "padded_answer": Words(
        "Answers far longer than the others: {count} of {total}.",
        "远长于其他回答的回答:{total} 条中有 {count} 条。",
        "Cut them to what helps: answers should be detailed, but not padded.",
        "请精简为有用的内容:回答应当详细,但不应冗长。",
    ),
    "repetitive_answer": Words(
        "Answers that repeat a sentence three times and more: {count} of {total}.",
        "同一句话重复三次以上的回答:{total} 条中有 {count} 条。",
        "Take the repetitions out, or the model learns to go round in circles.",
        "请删除重复内容,否则模型会学会不断重复。",
    ),
    "cut_answer": Words(
        "Answers that seem to break off in the middle: {count} of {total}.",
        "疑似在中途截断的回答:{total} 条中有 {count} 条。",
        "Complete them, or the model learns to stop in the middle.",
        "请补全这些回答,否则模型会学会在中途停止。",
    ),
    "json_among_prose": Words(
        "Answers in JSON, while most are prose: {count} of {total} ({share}).",
        "多数回答是自然语言,但 {total} 条中有 {count} 条({share})是 JSON。",
        "Use one format for one kind of question.",
        "同一类问题请使用统一的回答格式。",
    ),
    "prose_among_json": Words(
        "Answers that are no valid JSON, while most are: {count} of {total} ({share}).",
        "多数回答是 JSON,但 {total} 条中有 {count} 条({share})不是有效的 JSON。",
        "Use one format for one kind of question.",
        "同一类问题请使用统一的回答格式。",
    ),
    "answer_is_question": Words(
        "Answers that are the question again: {count} of {total}.",
        "与问题完全相同的回答:{total} 条中有 {count} 条。",
        "Write an answer, or take the examples out.",
        "请写出真正的回答,或删除这些样本。",
    ),
    "missing_warning": Words(
        "Answers to medical or legal questions that name no professional and no limits: {count} of {total}"
        " ({share}).",
        "未提示咨询专业人士或说明局限的医疗、法律类回答:{total} 条中有 {count} 条({share})。",
        "Add when to see a doctor or a lawyer, and that the answer does not replace one.",
        "请说明何时应咨询医生或律师,并提示回答不能替代专业意见。",
    ),
    "placeholder": Words(
        "Answers with something left to fill in, such as TODO or {{{{name}}}}: {count} of {total}.",
        "含有未填写内容(例如 TODO 或 {{{{name}}}})的回答:{total} 条中有 {count} 条。",
        "Fill it in, or the model learns to write it.",
        "请补全这些内容,否则模型会学会输出占位符。",
    ),
}
