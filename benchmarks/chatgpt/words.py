"""Word material with the frequency profile of real text: a few words very often, a long tail hardly ever."""

# ruff: noqa: SIM905  (word lists are read and edited as running text)

from itertools import accumulate

# In order of frequency: the weight of a word is 1 / (rank + 2.7), the Zipf-Mandelbrot form.
COMMON = (
    "the of and to a in is that for it as with on be this by you are or from at an not can have if which "
    "we will use your when one all but there each time more value what so file then has data its they "
    "was i about how do would out up than into only other new some them set should make these also like "
    "first two way using need used where does could after because get any no most number list run same "
    "between example system may code function want work line over just case part name both type before "
    "through such change call point different result order start test between keep while long even state "
    "here step much many too problem since still add very small right find day without possible check "
    "user key model error show good large another take read write per across might back being three "
    "table field request response server field message process until next given within large form end "
    "down well must store local open close give help look second version path level often again "
    "better course never question answer however against under let every general however simple common "
    "place water house light room kitchen garden letter morning evening river bread winter summer price "
    "travel train ticket doctor patient school teacher student history language music film market budget "
    "measure weight length height depth colour glass paper stone metal wood engine wheel battery signal "
    "memory thread queue cache index query column row schema commit branch merge build deploy container "
    "network socket packet header token session cookie secret lock retry timeout batch stream buffer "
    "matrix vector tensor gradient layer sample average median variance sum product series limit proof "
    "contract clause notice tenant payment invoice salary tax interest rate share fund bank account "
    "chapter scene character story plot reader author draft title page paragraph sentence word phrase"
).split()
STEMS = (
    "act adapt aggreg align alloc analys annot appl arch argu assess assign bal bind blend boot calcul "
    "calibr carri categ chart circ clar class cluster cod collect combin compar compil compos compress "
    "comput concat condens config connect consol constr consult contrast convert coordin correl cryst "
    "cultiv cycl debug decl decod degrad deleg deploy deriv descr detect diagn diff digest dispatch distil "
    "distrib divers docum domin dupl educ elabor elev emerg emit encod enrich enumer estim evalu evolv "
    "examin execut exhaust expand expl export express extract fabric facilit ferment filt flex fluct form "
    "fract fragment frost funct gener grad harmon hydr hypothes identif illumin illustr implement import "
    "improv index induc infer inform inher inspect instal instrument integr interpol interpret invest "
    "isol iter join justif label laminat launch lever liqu loc magnet maintain manag manip map materi "
    "measur mechan medit migr minim mitig model moder modul monitor motiv mutat narrat navig negoti "
    "normal notat observ obtain oper optim orchestr organ origin oscill oxid pack paramet pars particip "
    "partit percol perform permut persist perturb pollin popul predict prefer preserv process profil "
    "program propag protect provis publ quant quer radi random rational react recogn reconcil record "
    "recurs reduc refact reflect refract regul relat render replic report repres reserv resolv restor "
    "retriev revers sampl satur scal sched segment select separ serial simul solv sort spec stabil "
    "standard statist steril stimul structur subscrib substitut summar suppl synchron synthes tabul "
    "target taxon temper termin test toler trac train transact transcrib transform translat transmit "
    "traver triang tun typ unif updat util valid vari ventil verif visual volat weight wrap zon"
).split()
PREFIXES = ["re", "un", "de", "pre", "sub", "inter", "over", "mis", "co", "non", "multi", "auto", "micro"]
ENDINGS = (
    "e ed es ing er ers ation ations ative able ability or ors ally al ment ments ance ive ively ism ist "
    "ised ising ity ous ously ure ic ical ics ory ate ated ates ating"
).split()

NUMBER_WORDS = "one two three four five six seven eight nine ten twelve twenty fifty hundred thousand".split()
EMOJI = ["🚀", "✅", "⚠️", "🎉", "👍", "🔥", "🧪", "📊", "👩‍💻", "🙏", "💡", "❌", "🌍", "🇨🇭", "1️⃣", "😅"]

CHINESE = (
    "我们 可以 使用 数据 的 是 在 了 和 这个 需要 一个 模型 如果 问题 方法 通过 进行 系统 文件 代码 结果 时间 "
    "首先 然后 因此 例如 用户 函数 参数 返回 错误 检查 更新 不同 比较 处理 训练 设计 城市 历史 天气 学习 "
    "朋友 工作 生活 重要 关系 发展 技术 语言 世界 经济 文化 简单 复杂 建议 选择 注意 分析 步骤 目标"
).split()
JAPANESE = (
    "これは それを データを 使用 して ください ます です という ファイル プログラム 関数 では ない 場合 "
    "例えば エラー 確認 する ことが できます ため に から まで 問題 方法 結果 時間 今日 天気 東京 言葉 "
    "学ぶ 仕事 ありがとう 次の 手順 設定 新しい 変更 必要 が あり"
).split()
RUSSIAN = (
    "и в не на что это как для данных можно файл если функция нужно результат время система код вопрос "
    "ответ пример также будет после перед через который значение строка ошибка проверить изменить работа "
    "модель человек город книга слово язык дом день вечер просто лучше потому между каждый новый"
).split()
ARABIC = (
    "في من على إلى هذا هذه التي الذي يمكن أن البيانات الملف إذا كان النتيجة الوقت النظام مثال السؤال "
    "الجواب بعد قبل كل جديد اللغة المدينة الكتاب العمل اليوم شكرا خطأ تحقق القيمة بين مع أو لا ثم"
).split()
HEBREW = (
    "של את על זה אם כל לא הוא היא עם או גם אפשר קובץ נתונים שגיאה תוצאה זמן מערכת שאלה תשובה דוגמה "
    "אחרי לפני בין חדש שפה עיר ספר עבודה היום תודה בדיקה ערך צריך כדי"
).split()
GERMAN = (
    "der die und das ist nicht mit für auf ein eine wir können Daten Datei wenn dann Ergebnis Zeit Fehler "
    "prüfen Übersicht Lösung Beispiel Größe außerdem müssen Verfügung Straße Änderung Geschäftsbedingungen "
    "Zusammenfassung natürlich wäre möglich über jede Frage Antwort schließlich Rückmeldung"
).split()


def vocabulary() -> tuple[list[str], list[float]]:
    """English-like words, commonest first, with cumulative weights; about 79,000 words.

    The tail falls faster than Zipf's 1/rank: the common words are to make up four fifths of a text.
    """
    common = list(dict.fromkeys(COMMON))
    plain = [stem + ending for ending in ENDINGS for stem in STEMS]
    prefixed = [prefix + word for prefix in PREFIXES for word in plain[:: 1 + len(prefix) % 3]]
    words = list(dict.fromkeys(common + _shuffled(plain) + _shuffled(prefixed)))
    head = len(common)
    tail = (head / (rank + 2.7) ** 1.4 * head**0.4 / 2 for rank in range(head, len(words)))
    weights = [head / (rank + 2.7) for rank in range(head)]
    return words, list(accumulate([*weights, *tail]))


def _shuffled(words: list[str]) -> list[str]:
    """A fixed stride through the list, so that neighbours in rank do not share an ending."""
    stride = 7919
    return [words[(position * stride) % len(words)] for position in range(len(words))]
