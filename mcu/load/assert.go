package load

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Assert is one thing that must hold of a report: AGGREGATE(METRIC) OP NUMBER, or
// METRIC OP NUMBER, which must hold for every value, of every member.
type Assert struct {
	Aggregate string // "" (every value), min, max, avg, sum, p50 or p95
	Metric    string
	Op        string // <=, >=, <, >, = or !=
	Value     float64
}

// ParseAsserts reads assertions that are separated by commas; "" is none.
func ParseAsserts(text string) ([]Assert, error) {
	var out []Assert
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		a, err := parseAssert(part)
		if err != nil {
			return nil, fmt.Errorf("--assert %q: %w", strings.TrimSpace(part), err)
		}
		out = append(out, a)
	}
	return out, nil
}

func parseAssert(text string) (Assert, error) {
	at := strings.IndexAny(text, "<>=!")
	if at < 0 {
		return Assert{}, fmt.Errorf("needs one of <= >= < > = !=")
	}
	end := at + 1
	for end < len(text) && text[end] == '=' {
		end++
	}
	a := Assert{Op: text[at:end], Metric: strings.TrimSpace(text[:at])}
	if a.Op == "==" {
		a.Op = "="
	}
	if !slices.Contains([]string{"<=", ">=", "<", ">", "=", "!="}, a.Op) {
		return a, fmt.Errorf("%q is not one of <= >= < > = !=", a.Op)
	}
	if before, inner, ok := strings.Cut(a.Metric, "("); ok {
		name, rest, closed := strings.Cut(inner, ")")
		if !closed || strings.TrimSpace(rest) != "" {
			return a, fmt.Errorf("the parenthesis is not closed")
		}
		a.Aggregate, a.Metric = strings.TrimSpace(before), strings.TrimSpace(name)
		if !slices.Contains([]string{"min", "max", "avg", "sum", "p50", "p95"}, a.Aggregate) {
			return a, fmt.Errorf("%q is not one of min, max, avg, sum, p50, p95", a.Aggregate)
		}
	}
	if _, ok := findMetric(a.Metric); !ok {
		return a, fmt.Errorf("%q is not one of %s", a.Metric, strings.Join(metricNames(), ", "))
	}
	var err error
	a.Value, err = strconv.ParseFloat(strings.TrimSpace(text[end:]), 64)
	if err != nil || math.IsNaN(a.Value) || math.IsInf(a.Value, 0) {
		return a, fmt.Errorf("%q is not a number", strings.TrimSpace(text[end:]))
	}
	return a, nil
}

// String is the assertion as it is written.
func (a Assert) String() string {
	name := a.Metric
	if a.Aggregate != "" {
		name = a.Aggregate + "(" + a.Metric + ")"
	}
	return name + a.Op + strconv.FormatFloat(a.Value, 'g', -1, 64)
}

// AssertResult is how an assertion ended.
type AssertResult struct {
	Assert string `json:"assert"`
	Holds  bool   `json:"holds"`
	Found  string `json:"found"` // the value that decided
}

// check looks at a report. An assertion about something that was not measured
// does not hold.
func (a Assert) check(r *Report) AssertResult {
	m, _ := findMetric(a.Metric)
	values := m.values(r)
	out := AssertResult{Assert: a.String()}
	if len(values) == 0 {
		out.Found = "not measured"
		return out
	}
	if a.Aggregate != "" {
		values = []float64{aggregate(a.Aggregate, values)}
	}
	worst := values[0]
	out.Holds = true
	for _, v := range values {
		if !a.holds(v) {
			out.Holds, worst = false, v
		}
	}
	if out.Holds { // the nearest to not holding
		worst = nearest(values, a.Value)
	}
	out.Found = strconv.FormatFloat(worst, 'f', m.digits, 64)
	return out
}

func (a Assert) holds(v float64) bool {
	switch a.Op {
	case "<=":
		return v <= a.Value
	case ">=":
		return v >= a.Value
	case "<":
		return v < a.Value
	case ">":
		return v > a.Value
	case "=":
		return v == a.Value
	}
	return v != a.Value
}

func nearest(values []float64, to float64) float64 {
	best := values[0]
	for _, v := range values {
		if math.Abs(v-to) < math.Abs(best-to) {
			best = v
		}
	}
	return best
}

func aggregate(how string, values []float64) float64 {
	switch how {
	case "min":
		return slices.Min(values)
	case "max":
		return slices.Max(values)
	case "p50":
		return percentile(values, 50)
	case "p95":
		return percentile(values, 95)
	}
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	if how == "sum" {
		return sum
	}
	return sum / float64(len(values))
}

// percentile is the p-th percentile by nearest rank; 0 of nothing.
func percentile(values []float64, p int) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[max((len(sorted)*p+99)/100-1, 0)]
}
