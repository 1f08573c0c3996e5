from stream.ruleset.catalogue import catalogue
from stream.ruleset.load import load

FILES = {
    "vocabulary.yaml": """\
zone: UTC
currency: EUR
events:
  order_placed: {title: Ordered, properties: {order_id: text, amount: money}}
  ticket_opened: {title: Ticket, sent: false, properties: {topic: text}}
""",
    "stage/dimension.yaml": "title: Stage\nowner: o\nquestion: Where?\norder: [buyer]\notherwise: visitor\n",
    "stage/buyer.yaml": "title: Buyer\nowner: o\nnext_action: Thank\nenter: {did: order_placed}\nwait: 1d\n",
    "stage/visitor.yaml": "title: Visitor\nowner: o\ndescription: Looks around.\n",
    "inner/dimension.yaml": "title: Inner\nowner: p\nquestion: Which?\ninside: stage.buyer\norder: [x]\notherwise: y\n",
    "inner/x.yaml": "title: X\nowner: p\nenter: {everyone: true}\n",
    "inner/y.yaml": "title: Y\nowner: p\n",
    "learned/dimension.yaml": "title: Learned\nowner: q\nquestion: What?\nmodel: rfm\n",
    "audiences/asks.yaml": "title: Asks\nowner: o\nenter: {did: ticket_opened}\n",
    "audiences/idle.yaml": "title: Idle\nowner: o\nenabled: false\n",
}
RULES = load(FILES)


def test_each_dimension_says_question_owner_and_order() -> None:
    page = catalogue(RULES)
    assert "## Stage\n\nWhere? Owner: o.\n\nThe first that fits wins: buyer; otherwise visitor.\n" in page
    assert "Only members of stage.buyer have an answer." in page


def test_a_segment_says_meaning_next_action_and_size() -> None:
    page = catalogue(RULES, {"stage.buyer": 1234})
    assert "### Buyer (`stage.buyer`)\n\n- Owner: o\n- Next action: Thank\n- Members: 1,234\n" in page
    assert "```\nenter:\n  did order_placed\nwait: 1d\n```" in page
    assert (
        "### Visitor (`stage.visitor`)\n\nLooks around.\n\n- Owner: o\n- Members: 0\n\nEveryone whom no segment" in page
    )


def test_what_is_off_says_so_and_has_no_size() -> None:
    page = catalogue(RULES, {})
    assert "### Asks (`audiences.asks`)\n\n- Owner: o\n- Off: nobody is in it\n\n```\nenter:" in page
    assert "### Idle (`audiences.idle`)\n\n- Owner: o\n- Off: nobody is in it\n" in page
    assert page.count("Everyone whom no segment above takes.") == 2


def test_only_the_wanted_segments_are_shown() -> None:
    page = catalogue(RULES, is_wanted=lambda segment: segment == "stage.buyer")
    assert "Buyer" in page
    assert "Audiences" not in page
    assert "Inner" not in page


def test_the_segments_of_a_model_are_named_by_it() -> None:
    assert "The segments come from the model rfm." in catalogue(RULES)
