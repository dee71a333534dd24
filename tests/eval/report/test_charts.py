from eval.report.charts import OperatingPoint, risk_coverage_chart


def test_a_risk_axis_begins_at_nothing():
    for risk in (0.02, 0.33, 0.57, 0.66, 0.97, 1.0):
        chart = risk_coverage_chart([(0.5, risk), (1.0, risk)], None, (0.05, 0.1))
        assert ">0%</text>" in chart.partition("answered")[0].partition('class="axis"')[0]


def test_a_curves_first_questions_do_not_set_its_scale():
    curve = [(0.01, 1.0), *((k / 100, 0.08) for k in range(2, 101))]
    chart = risk_coverage_chart(curve, OperatingPoint(0.5, 0.6, 0.08), (0.05, 0.1))
    assert ">20%</text>" in chart
    assert ">100%</text>" in chart  # of coverage, once
    assert chart.count(">100%</text>") == 1
