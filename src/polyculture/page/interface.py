"""The page's own words, outside of what a report says, by language."""

INTERFACE = {
    "en": {
        "skip": "To the answers",
        "sections": "Sections",
        "chart": "Chart: {title}",
        "search": "Search",
        "found": "{found} of {all}",
        "right": "Right",
        "made": "Made by polyculture {version}.",
        "alone": "This file holds everything it shows and asks nothing of the network.",
    },
    "zh-CN": {
        "skip": "跳到回答",
        "sections": "章节",
        "chart": "图：{title}",
        "search": "查找",
        "found": "{all} 项中有 {found} 项",
        "right": "正确答案",
        "made": "由 polyculture {version} 生成。",
        "alone": "本文件包含所显示的一切，不访问网络。",
    },
}
