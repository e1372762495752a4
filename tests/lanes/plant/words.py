"""Made-up prose in English, German and Chinese: sentences of one language, never two texts alike."""

from __future__ import annotations

import random

_ENGLISH = {
    "subject": [
        "the river",
        "the old mill",
        "a small bridge",
        "our garden",
        "the northern wall",
        "this engine",
        "the copper lamp",
        "a wooden boat",
        "the weaver",
        "that lighthouse",
        "a quiet harbour",
        "the printing press",
    ],
    "verb": ["carries", "holds", "turns", "keeps", "covers", "follows", "lifts", "feeds", "crosses", "guards"],
    "object": ["water", "flour", "travellers", "apples", "heavy stones", "salt", "letters", "wool", "timber", "bread"],
    "tail": [
        "before winter comes",
        "when the tide is low",
        "because the slope is steep",
        "after a long night of rain",
        "as it has done for a century",
        "although few people notice",
        "whenever the wind turns north",
        "so that nobody has to wait",
        "while the market is open",
    ],
}
_GERMAN = {
    "subject": [
        "der Fluss",
        "die alte Mühle",
        "eine kleine Brücke",
        "unser Garten",
        "die Mauer im Norden",
        "diese Maschine",
        "die Lampe aus Kupfer",
        "ein Boot aus Holz",
        "die Weberin",
        "der Leuchtturm",
        "ein stiller Hafen",
        "die Druckerei",
    ],
    "verb": [
        "trägt",
        "hält",
        "dreht",
        "bewahrt",
        "bedeckt",
        "begleitet",
        "hebt",
        "versorgt",
        "wärmt",
        "teilt",
    ],
    "object": [
        "das Wasser",
        "das Mehl",
        "die Reisenden",
        "die Äpfel",
        "schwere Steine",
        "das Salz",
        "viele Briefe",
        "die Wolle",
        "das Brot",
        "frische Fische",
    ],
    "tail": [
        "bevor der Winter kommt",
        "wenn die Ebbe einsetzt",
        "weil der Hang so steil ist",
        "nach einer langen Nacht voller Regen",
        "obwohl es kaum jemand bemerkt",
        "sobald der Wind nach Norden dreht",
        "damit niemand warten muss",
    ],
}
_CHINESE = {
    "subject": [
        "这条河",
        "那座旧磨坊",
        "一座小桥",
        "我们的花园",
        "北边的城墙",
        "这台机器",
        "铜制的灯",
        "一条木船",
        "织布的人",
        "安静的港口",
    ],
    "verb": [
        "承载着",
        "保存着",
        "推动着",
        "守护着",
        "覆盖着",
        "供应着",
        "温暖着",
    ],
    "object": [
        "清水",
        "面粉",
        "旅客",
        "苹果",
        "沉重的石头",
        "食盐",
        "书信",
        "羊毛",
        "木材",
        "面包",
    ],
    "tail": [
        "直到冬天来临",
        "因为山坡很陡",
        "虽然很少有人注意",
        "每当北风吹起的时候",
        "这样就没有人需要等待",
        "在漫长的雨夜之后",
    ],
}
LANGUAGES = {"en": _ENGLISH, "de": _GERMAN, "zh": _CHINESE}


class Prose:
    """Sentences by a seed; each holds a number that no other does, so no two texts are alike by chance."""

    def __init__(self, seed: int, language: str) -> None:
        self._random = random.Random(f"{seed} {language}")
        self._language = language
        self._said = 0

    def sentence(self) -> str:
        self._said += 1
        words = {part: self._random.choice(choices) for part, choices in LANGUAGES[self._language].items()}
        if self._language == "zh":
            return "{subject}{verb}{object}，{tail}，".format(**words) + f"第{self._said}次。"
        line = "{subject} {verb} {object} {tail}".format(**words)
        count = {"en": f"for the {self._said}th time", "de": f"zum {self._said}. Mal"}[self._language]
        line = f"{line.removeprefix('the ')} {count}."
        return line[0].upper() + line[1:]

    def text(self, sentences: int) -> str:
        glue = "" if self._language == "zh" else " "
        return glue.join(self.sentence() for _ in range(sentences))

    def answer(self) -> str:
        """25 to 70 words or so: any two are within three times of one another in length."""
        return self.text(self._random.randrange(3, 6))

    def question(self) -> str:
        line = self.sentence().rstrip(".。")
        return {
            "en": f"Please tell me why it is that {line[0].lower()}{line[1:]}?",
            "de": f"Bitte erkläre mir, warum es so ist: {line}?",
            "zh": f"请告诉我为什么{line}？",
        }[self._language]

    def word(self) -> str:
        return "".join(self._random.choices("abcdefghijkmnpqrstuvwxyz", k=9))

    def choose(self, *texts: str) -> str:
        return self._random.choice(texts)
