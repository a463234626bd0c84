"""How columns of tables of answers are usually named, in English and Chinese."""

import re
from unicodedata import normalize

USUAL = {
    "item": """
        id item item_id example example_id question_id query_id prompt_id sample_id instance_id
        problem_id task_id qid uid guid idx index
        编号 序号 题号 题目编号 样本编号 样本 条目 条目编号
    """,
    "model": "model model_name model_id system system_name system_id 模型 模型名 模型名称 系统",
    "answer": """
        answer prediction predicted pred output response completion model_answer model_output
        model_response predicted_label predicted_answer y_pred
        答案 回答 预测 预测结果 预测标签 输出 模型答案 模型回答 模型输出
    """,
    "gold": """
        gold gold_label gold_answer label labels target truth ground_truth answer_key correct_answer
        right_answer reference reference_answer expected expected_answer y_true
        标准答案 正确答案 参考答案 标签 真实标签 正确标签
    """,
    "text": """
        text question prompt input sentence query message utterance
        文本 问题 题目 输入 句子 内容
    """,
    "group": "group domain category subject topic 分组 组别 领域 类别 学科",
    "document": """
        document document_id doc doc_id thread_id conversation_id user_id
        文档 文档编号 会话编号 用户编号
    """,
    "probabilities": "probabilities probability probs 概率",
}
"""Role to the names that say it, in the form that ``plain`` gives them."""
ROLE_OF = {name: role for role, names in USUAL.items() for name in names.split()}
EITHER = frozenset({"answer", "答案"})
"""Names of a model's answers as well as of right ones."""
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
BETWEEN = re.compile(r"[\s_.-]+")


def plain(name: str) -> str:
    """A column's name without case, width, and what stands between its words.

    Example:
        >>> plain("Gold Label"), plain("exampleId"), plain(" doc-id ")
        ('gold_label', 'example_id', 'doc_id')
    """
    words = CAMEL.sub("_", normalize("NFKC", name).strip())
    return BETWEEN.sub("_", words).casefold()


def role_of(name: str) -> str | None:
    """The role that a name says, or None.

    Example:
        >>> role_of("ExampleID"), role_of("标准答案"), role_of("llama")
        ('item', 'gold', None)
    """
    return ROLE_OF.get(plain(name))
