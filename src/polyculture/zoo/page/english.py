"""What the page says in English. ``{unit}``, ``{units}`` and ``{Units}`` are what is counted."""

from polyculture.zoo.page.language import Language

PHRASES = {
    "title": "How alike are the models of {sources}?",
    "all": "All",
    # what is counted
    "unit.family": "family",
    "units.family": "families",
    "unit.model": "model",
    "units.model": "models",
    "unit.repository": "repository",
    "units.repository": "repositories",
    "unit.card": "card",
    "units.card": "cards",
    "noun.family.one": "{number} model family",
    "noun.family.many": "{number} model families",
    "noun.model.one": "{number} model",
    "noun.model.many": "{number} models",
    "noun.repository.one": "{number} repository",
    "noun.repository.many": "{number} repositories",
    "noun.card.one": "{number} card",
    "noun.card.many": "{number} cards",
    "noun.parent.one": "{number} more parent",
    "noun.parent.many": "{number} more parents",
    "noun.community.one": "{number} community",
    "noun.community.many": "{number} communities",
    # numbers within sentences
    "list.comma": ", ",
    "list.pair": "{name}: {value}",
    "list.semicolon": "; ",
    "list.last": "{before} and {last}",
    "interval": "{low} to {high}",
    "interval.none": "no interval: {reason}",
    "told": "{number} ({aside})",
    "undefined": "undefined",
    "undefined.because": "undefined: {reason}",
    "p.undefined": "p undefined: {reason}",
    "aside.census": " (sensitivity {interval})",
    "aside.sample": " ({level} interval {interval})",
    # first screen
    "verdict.architectures": "{cards} amount to {number} different architectures{aside}.",
    "verdict.lineages": "{cards} come down to {number} lineages of equal size{aside}.",
    "verdict.none": "{cards}, of which neither architecture nor lineage is known.",
    "deck": "{cards} in {communities}, from {sources}.",
    "deck.built": " {built} of {all} could be built without weights, so their architectures are "
    "compared module by module.",
    "deck.unbuilt": " This source holds no architectures: what can be said is said of lineage, "
    "makers, licences and traits.",
    "nobody": "Nobody can say: {reason}.",
    "no.lineage": "lineage was not counted",
    "no.years": "too few {units} have a year",
    "no.parents": "no {unit} names a parent",
    "no.architectures": "too few {units} were built",
    "answer.concentrated": "How concentrated are they?",
    "answer.concentrated.unit": "root lineages of equal size would be as concentrated as these "
    "{cards}",
    "answer.concentrated.top": "The largest lineage, from {name}, holds {share}{aside}.",
    "answer.concentrated.chance": "Had each {unit} drawn its parents at random: {chance} ({p}).",
    "answer.concentrated.community": "The community furthest below chance, {community}, has "
    "{number} lineages where random sets of its size have {chance} ({p}).",
    "answer.since": "Since when?",
    "answer.since.unit": "from then on, half or more of each year's {units} have {value} ({trait})",
    "answer.since.share": "Of the last three years' {units}, {share} have it.",
    "answer.since.less": "Two of one year agree less and less often in {traits} (p < 0.05 each).",
    "answer.since.more": "Two of one year agree more and more often in {traits} (p < 0.05 each).",
    "answer.since.means": "A year here is the {means}.",
    "answer.inherited": "Who inherits from whom?",
    "answer.inherited.unit": "of all {units} inherit from {name}, directly or through others",
    "answer.inherited.flaw": "If {name} carries a flaw, all of these may carry it.",
    "answer.inherited.next": "Next: {names}.",
    "answer.inherited.sole": "{sole} of these {all} have no other root.",
    "answer.inherited.chance": "Had each {unit} drawn its parents at random, the largest ancestor "
    "would reach {chance}.",
    "answer.diverse": "What remains diverse, and how sure is this?",
    "answer.diverse.built": "of {cards} were built; figures on architectures rest on these",
    "answer.diverse.counted": "{units} were counted, and none was built",
    "answer.diverse.outliers": "Built like no other: {names}.",
    "answer.diverse.mean": "Mean similarity of two architectures: {mean}.",
    "answer.diverse.limits": "What this source cannot see stands under “Method and limits”.",
    "sure.census": "All {units} of the source are counted, none is sampled. Sensitivity says how "
    "much a figure would move had other {units} been there.",
    "sure.sample": "Each interval says how much the figure would move with other {units} like "
    "these.",
    "trend.up": "By year, {figure} rises (tau {tau}, {p}).",
    "trend.down": "By year, {figure} falls (tau {tau}, {p}).",
    "trend.level": "By year, {figure} shows no clear trend (tau {tau}, {p}).",
    "figure.same lineage": "Two share a root lineage",
    "figure.same maker": "Two share a maker",
    "figure.same trait": "Two share {trait}",
    "figure.mean similarity": "Mean similarity of architectures",
    "figure.hill1 of lineage": "Effective lineages of ten",
    "figure.gini of lineage": "Gini index of lineages of ten",
    "figure.top share of lineage": "Largest lineage of ten",
    "figure.d1": "Different architectures of ten",
    "figure.distance": "Distance of communities by traits",
    "figure.same lineage.within": "the chance that two share a root lineage",
    "figure.mean similarity.within": "the mean similarity of two architectures",
    # communities
    "communities.title": "Communities",
    "communities.lead": "How many lineages, and how many different architectures, the {units} of "
    "each community amount to. A {unit} may belong to several communities.",
    "communities.one": "There is one community only, so its figures are those of all {units}.",
    "communities.caption": "Each community beside random sets of the same size",
    "communities.rest": "The other {number}",
    "communities.more": "More figures for each community",
    "communities.note": "By chance: the mean of equally large sets drawn from all {units}; p is "
    "the share of such sets that are as concentrated or more, not corrected for the number of "
    "communities. In the first row, chance is lineages in which each {unit} draws its parents at "
    "random. Small figures below a value are its interval.",
    "communities.built": "{built} built",
    "communities.community": "Community",
    "communities.members": "Members",
    "communities.hill1": "Effective lineages",
    "communities.hill1_chance": "by chance",
    "communities.hhi": "Two share a lineage (HHI)",
    "communities.d1": "Different architectures",
    "communities.d1_chance": "by chance",
    "communities.hhi_unbiased": "HHI, unbiased",
    "communities.hill2": "Lineages, order 2",
    "communities.gini": "Gini",
    "communities.top_share": "Largest lineage",
    "communities.d0": "Architectures, order 0",
    "communities.d2": "Architectures, order 2",
    "communities.mean": "Mean similarity",
    # map
    "places.title": "Map of architectures",
    "places.lead": "What is built alike stands together. Only neighbourhood means something: there "
    "are no axes, and far is not twice as far.",
    "places.none": "No architecture is known, so there is no map.",
    "places.chart": "Each dot is one {unit}",
    "places.words": "{number}. A {unit} of several communities has the colour of the smallest of "
    "them that has one. Point at a dot for its name and traits.",
    "places.cut": " The first of {all}; a page of more would be too large.",
    "places.others": "all others",
    # distances
    "distances.title": "Distances between communities",
    "distances.lead": "Near communities build alike. Communities that share {units} are nearer for "
    "it; shuffled membership, which the p values come from, keeps that.",
    "distances.one": "There is one community only, so there is nothing to hold it against.",
    "distances.none": "Neither traits nor architectures are known of two communities with enough "
    "members, so there is no distance.",
    "distances.jsd.title": "By their traits",
    "distances.jsd.words": "Jensen–Shannon divergence of the shares of traits: 0 is the same "
    "shares, 1 nothing in common.",
    "distances.kernel.title": "By their architectures",
    "distances.kernel.words": "Squared maximum mean discrepancy of the architecture kernel: 0 is "
    "what two random parts of one community show.",
    "distances.marks": " {mark} marks the {sure} of {all} pairs that chance would hardly give "
    "(p < 0.05 after correction for all pairs).",
    "distances.caption": "All pairs with their tests",
    "distances.note": "p is corrected for all pairs (Benjamini and Hochberg); the value below it "
    "is before correction. By chance: the mean over shuffled membership.",
    "distances.a": "Community",
    "distances.b": "and",
    "distances.jsd": "Traits apart",
    "distances.jsd_chance": "by chance",
    "distances.jsd_q": "p",
    "distances.kernel": "Architectures apart",
    "distances.kernel_q": "p",
    "legend.near": "{number} alike",
    "legend.far": "{number} apart",
    # years
    "years.title": "Since when",
    "years.lead": "Each figure is of the {units} of one year, and does not depend on how many "
    "there are. A year is the {means}.",
    "years.none": "Too few {units} have a year: there is no trend and no history of traits.",
    "years.test": "tau {tau}, {p}",
    "years.members": "{members} {units}",
    "years.fold": "By community: {figure}",
    "years.caption": "All trends",
    "years.note": "tau: Kendall's rank correlation of figure and year, from −1 to 1; its interval "
    "draws halves of the {units}. p: Mann–Kendall, two-sided, not corrected for the number of "
    "trends.",
    "years.figure": "Figure",
    "years.community": "Community",
    "years.first": "First year",
    "years.last": "Last year",
    "years.tau": "tau",
    "years.p": "p",
    "histories.caption": "Traits that became uniform, the earliest first",
    "histories.note": "Uniform: at least half of a year's {units} have the value, in that year and "
    "in all later ones. Effective values: how many values of equal share would be as mixed.",
    "histories.no_values": " Effective values are undefined: {reason}.",
    "histories.never": "never",
    "histories.trait": "Trait",
    "histories.value": "Most common at the end",
    "histories.first_year": "Half or more since",
    "histories.share": "Share in the last three years",
    "histories.effective_first": "Effective values, first three years",
    "histories.effective_last": "Effective values, last three years",
    "check.caption": "Years here beside those of {against}: the largest differences",
    "check.note": "{matched} names match. Median difference, here minus there, in years: {lag}.",
    "check.name": "Name",
    "check.here": "Here",
    "check.there": "There",
    # lineage
    "lineage.title": "Who inherits from whom",
    "lineage.lead": "A flaw travels with inherited code and weights. An ancestor of many is a "
    "single point of failure.",
    "lineage.none": "No {unit} names a parent, so nothing can be said of lineage.",
    "lineage.bars": "If this ancestor carries a flaw, this share inherits it",
    "lineage.bars.words": "Share of all {units} that descend from it by any path. {name} is first "
    "with {share}.",
    "lineage.flaw": "If {name} carries a flaw, {share} inherit it",
    "lineage.caption": "Top ancestors, {kind}",
    "lineage.note": "Sole: descendants that have no root but this ancestor or one above it. Depth: "
    "steps on the longest path down.",
    "lineage.cut": " The first {shown} of {all}; survey.json holds up to 200.",
    "lineage.outside": "not among the {units}, only named as a parent",
    "lineage.name": "Ancestor",
    "lineage.share": "Share that inherits",
    "lineage.descendants": "Descendants",
    "lineage.sole": "Sole",
    "lineage.children": "Children",
    "lineage.depth": "Depth",
    "forest.any": "by any inheritance",
    "forest.base": "by class bases or base models",
    "forest.copy": "by copied code",
    "forests.caption": "The lineage forest in figures",
    "forests.figure": "Figure",
    "forests.cards": "Counted",
    "forests.edges": "Pairs of parent and child",
    "forests.roots": "Roots with children",
    "forests.alone": "Without parents and children",
    "forests.depth": "Longest path, in steps",
    "forests.several_parents": "With several parents",
    "forests.largest": "Reach of the most fruitful ancestor",
    "forests.chance": "Its reach by chance",
    "forests.note": "By chance: each {unit} keeps its number of parents, but draws them at random "
    "from those that were there.",
    "direct.caption": "Parents by direct children, {kind}",
    "direct.parent": "Parent",
    "direct.children": "Direct children",
    "direct.cut": "The first {shown} of {all}.",
    "tree.title": "The lineage tree",
    "tree.words": "Each name opens its children. What has several parents stands under each of "
    "them; its own children stand under the first.",
    "tree.cut": " Only the {shown} of {all} {units} with most descendants are shown.",
    "tree.outside": "only named as a parent",
    "tree.copy": "copied",
    "tree.others": "and {others}",
    "tree.elsewhere": "opened under {name}",
    # what remains diverse
    "diverse.title": "What remains diverse",
    "diverse.lead": "{Units} worth knowing: no other is built like them.",
    "diverse.none": "No architecture is known, so nobody can say which stands apart.",
    "diverse.caption": "The least like any other, first",
    "diverse.note": "Similarity with the nearest other: 1 is the same structure, 0 nothing shared.",
    "diverse.name": "Name",
    "diverse.similarity": "Similarity with the nearest",
    "diverse.nearest": "The nearest",
    "diverse.traits": "Traits",
    # concentration over anything
    "spread.title": "Makers, licences, traits",
    "spread.lead": "How unevenly {units} spread over lineages, makers, licences and traits.",
    "spread.none": "Nothing was counted: no {unit} has a maker, a licence or a trait.",
    "spread.caption": "Concentration of all {units}",
    "spread.note": "A {unit} with several values of a trait is shared equally among them. What has "
    "no value is left out and counted as unknown.",
    "spread.communities": "Effective number of values in each community",
    "spread.communities.note": "Below each number: what equally large random sets have, and p.",
    "spread.unknown": "{unknown} unknown",
    "spread.chance": "chance {chance}, {p}",
    "spread.over": "Over",
    "spread.members": "Counted",
    "spread.classes": "Classes",
    "spread.hill1": "Effective classes",
    "spread.hhi": "Two share one (HHI)",
    "spread.gini": "Gini",
    "spread.top_share": "Largest",
    "over.lineage": "Root lineage",
    "over.lineage of bases": "Root lineage, class bases only",
    "over.lineage of copies": "Root lineage, copied code only",
    "over.maker": "Maker",
    "over.licence": "Licence",
    "over.library": "Library",
    "weight.downloads": "weighted by downloads",
    "weight.parameters": "weighted by parameters",
    # members
    "members.title": "Every {unit}",
    "members.lead": "With its traits, or the reason why it was not built.",
    "members.cut": "The {shown} of {all} {units} with most descendants; cards.parquet holds all.",
    "members.none": "There is none.",
    "members.caption": "All {cards} by number of descendants",
    "members.copied": "copied from {names}",
    "members.name": "Name",
    "members.year": "Year",
    "members.maker": "Maker",
    "members.parents": "Inherits from",
    "members.descendants": "Descendants",
    "members.parameters": "Parameters",
    "members.traits": "Traits, or why it was not built",
    "members.reason": "not built: {reason}",
    "reasons.caption": "Built: {built} of {all}; why the rest was not",
    "reasons.reason": "Reason",
    "reasons.count": "Number",
    # what was mended
    "mended.title": "Names joined, lineage mended",
    "mended.lead": "What was dropped, joined or cut before anything was counted.",
    "mended.none": "Nothing was dropped, joined or mended.",
    "mended.notes": "While reading",
    "mended.forest": "In the lineage {kind}",
    "joined.caption": "{number} names that were taken for another",
    "joined.cut": "The first {shown}; survey.json holds all.",
    "joined.written": "As written",
    "joined.counted": "As counted",
    # method
    "method.title": "Method and limits",
    "method.lead": "What each figure means, what it is held against, and what nobody can tell from "
    "it.",
    "method.figures": "The figures",
    "method.limits": "Limits of every survey",
    "method.blind": "What this source cannot see",
    "method.lineage": "Root lineage",
    "method.lineage.is": "Each {unit} has one vote. With several parents the vote is divided among "
    "them by the number of classes, or comments, that name each, and each part follows its parent "
    "to the roots. A {unit} without parents is its own root. A few {units} with many parents may "
    "thus spread over more lineages than there are of them.",
    "method.hill1": "Effective number",
    "method.hill1.is": "How many classes of equal size would be as mixed: the exponential of "
    "Shannon's entropy. Order 2 is 1 / HHI and looks more at the largest.",
    "method.hhi": "HHI",
    "method.hhi.is": "The Herfindahl–Hirschman index, the sum of squared shares: the chance that "
    "two draws share a class. Unbiased means without putting the first back.",
    "method.gini": "Gini",
    "method.gini.is": "How unequal the classes are that occur: 0 all the same size, near 1 one "
    "holds all.",
    "method.d1": "Different architectures",
    "method.d1.is": "Leinster and Cobbold's diversity of order 1. Forty renamed copies of one "
    "design count as one: each {unit} is weighed by how like the others it is. Similarity is the "
    "Weisfeiler–Lehman kernel of module graphs: kinds of operators, and how they follow each "
    "other. It sees neither weights nor training data. Designs that share most kinds of modules "
    "count as nearly one, so read the number beside its chance and those of other communities, "
    "not as a count.",
    "method.null": "By chance, for a community",
    "method.null.is": "Equally large sets drawn from all {units}. The p value is the share of such "
    "sets that are as concentrated, the community itself among them, so it is never 0. It is not "
    "corrected for the number of communities.",
    "method.growth": "By chance, for all together",
    "method.growth.is": "Lineages in which each {unit} keeps its number of parents but draws them "
    "at random from the earlier ones (uniform attachment). For traits there is no such level.",
    "method.interval": "Interval",
    "method.interval.is": "From drawing {units} with replacement, reflected about the figure: "
    "plain resampling makes effective numbers too small.",
    "method.census": "Sensitivity",
    "method.census.is": "The source holds all there is of its kind, so there is no error of "
    "sampling. The interval says how much a figure would move had other {units} been in it.",
    "method.jsd": "Distance by traits",
    "method.jsd.is": "Jensen–Shannon divergence to base 2, mean over traits that both communities "
    "know, against shuffled membership.",
    "method.kernel": "Distance by architectures",
    "method.kernel.is": "Maximum mean discrepancy of the kernel, squared and unbiased, so it may "
    "be below 0 where two communities do not differ; against shuffled membership.",
    "method.correction": "Correction",
    "method.correction.is": "Over all pairs of communities, after Benjamini and Hochberg: of the "
    "pairs that are marked, about one in twenty may be marked by chance.",
    "method.trend": "Trend",
    "method.trend.is": "Kendall's tau of figure and year with the Mann–Kendall test; at least four "
    "years with enough {units}. Effective numbers are means over sets of ten drawn from each year, "
    "so that a year with many {units} does not look diverse for it.",
    "method.uniform": "Uniform since",
    "method.uniform.is": "The first year from which on at least half of each year's {units} have "
    "the value that is most common at the end.",
    "method.flaw": "“Inherits a flaw”",
    "method.flaw.is": "The share of {units} below an ancestor, by any path. It is what could be "
    "reached, not what was: an heir may have replaced the part in question.",
    "method.map": "Map",
    "method.map.is": "The kernel's distances flattened to two dimensions. Some neighbours are lost "
    "in it; the figures do not use it.",
    "limit.names": "The same architecture says nothing about the same weights, and the same name "
    "nothing about the same training.",
    "limit.weights": "A declared parent is a statement of whoever wrote it down. What is not "
    "declared is not seen.",
    "limit.count": "Each {unit} counts once where nothing else is said, whether a million people "
    "use it or nobody.",
    "limit.year": "A year is the {means}. A year of a port or an upload is not the year of "
    "publication.",
    # reproduce
    "reproduce.title": "How to make this again",
    "reproduce.lead": "The same source, settings and seed give the same numbers.",
    "facts.title": "Source and program",
    "facts.settings": "Settings of the survey",
    "facts.sources": "Sources",
    "facts.listed": "Listed by the source",
    "facts.cards": "Counted",
    "facts.digest": "Digest of what was read",
    "facts.seconds": "Time to count",
}

TERMS = {"year": "year that the source gives"}

ENGLISH = Language(code="en", name="English", phrases=PHRASES, terms=TERMS, reasons=())
