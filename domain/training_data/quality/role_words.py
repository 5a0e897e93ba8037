"""The words for what is odd in the order of messages."""

from typing import Final

from domain.training_data.quality.wording import Words

WORDS: Final = {
    "system_not_first": Words(
        "System messages that are not the first message: {count}.",
        "不在首位的系统消息:{count} 处。",
        "Move the system message to the beginning: many chat templates only know it there.",
        "请将系统消息移到对话开头:许多对话模板只支持开头的系统消息。",
    ),
    "several_system_messages": Words(
        "Conversations with more than one system message: {count}.",
        "包含多条系统消息的对话:{count} 条。",
        "Make one system message of them, at the beginning.",
        "请合并为一条系统消息,并放在对话开头。",
    ),
    "answer_before_question": Words(
        "Conversations that begin with the assistant: {count}.",
        "由助手先发言的对话:{count} 条。",
        "Begin with the user, unless the model is meant to greet first.",
        "请由用户先发言,除非您希望模型主动问候。",
    ),
    "same_role_twice": Words(
        "Messages that follow one of the same role: {count}.",
        "与前一条消息角色相同的消息:{count} 条。",
        "Join them to one message, or add the turn that is missing between them.",
        "请合并为一条消息,或补上中间缺少的一轮。",
    ),
    "tool_answer_without_call": Words(
        "Tool answers to no call of the assistant: {count}.",
        "没有对应调用的工具结果:{count} 条。",
        "Add the assistant's call before it, with the same id.",
        "请在其之前补上助手的工具调用,并使用相同的 id。",
    ),
    "call_without_answer": Words(
        "Calls that no tool answers although the conversation goes on: {count}.",
        "对话继续进行但没有工具结果的调用:{count} 处。",
        "Add the tool's answer after the call, with the same id.",
        "请在调用之后补上工具结果,并使用相同的 id。",
    ),
    "nothing_trained": Words(
        "Conversations in which every answer has weight 0, so that nothing is learned: {count}.",
        "所有回答的 weight 都为 0、因而不会学到任何内容的对话:{count} 条。",
        "Give the answers to be learned weight 1, or take the conversations out.",
        "请将需要学习的回答的 weight 设为 1,或删除这些对话。",
    ),
    "template_token": Words(
        "Messages with the chat template's own tokens in them, such as <|im_start|>: {count}.",
        "正文中含有对话模板标记(例如 <|im_start|>)的消息:{count} 条。",
        "Take them out: the platform puts them around messages itself.",
        "请删除这些标记:平台会自动添加。",
    ),
}
THINK_WORDS: Final = Words(
    "Some answers have a <think> part and some have not ({thought} have one).",
    "部分回答含有 <think> 内容,部分没有(含有的占 {thought})。",
    "Decide on one way: with thoughts in all answers or in none.",
    "请统一格式:所有回答都包含思考内容,或者都不包含。",
)
