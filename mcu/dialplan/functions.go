package dialplan

import (
	"slices"
	"strconv"
	"strings"
)

// modules are those of FreeSWITCH that this server stands in for.
var modules = []string{"mod_verto", "mod_conference", "mod_dialplan_xml", "mod_dptools", "mod_commands"}

func knownFunction(name string) bool {
	switch name {
	case "user_exists", "module_exists", "verto_contact", "domain_exists", "regex", "cond":
		return true
	}
	return false
}

// value is what stands for ${name}, ${name:offset:length} or ${function(argument)}.
// A function that is not known gives nothing.
func (r *run) value(name string) string {
	if f, argument, ok := strings.Cut(name, "("); ok {
		return r.function(strings.TrimSpace(f), strings.TrimSuffix(strings.TrimSpace(argument), ")"))
	}
	name, part, parted := strings.Cut(name, ":")
	v := r.variable(plain(name))
	if !parted {
		return v
	}
	return substring(v, part)
}

// substring cuts OFFSET[:LENGTH] out of a value; a negative offset counts from the end.
func substring(v, part string) string {
	from, length, limited := strings.Cut(part, ":")
	runes := []rune(v)
	offset, err := strconv.Atoi(from)
	if err != nil {
		return v
	}
	if offset < 0 {
		offset += len(runes)
	}
	offset = min(max(offset, 0), len(runes))
	end := len(runes)
	if n, err := strconv.Atoi(length); limited && err == nil && n > 0 {
		end = min(offset+n, end)
	}
	return string(runes[offset:end])
}

func (r *run) function(name, argument string) string {
	switch name {
	case "module_exists":
		return word(slices.Contains(modules, plain(strings.TrimSpace(argument))))
	case "domain_exists":
		return word(strings.EqualFold(plain(strings.TrimSpace(argument)), r.call.Domain))
	case "user_exists": // KEY USER DOMAIN
		if f := strings.Fields(argument); len(f) == 3 {
			return word(r.plan.exists(plain(f[1]), plain(f[2])))
		}
		return word(false)
	case "verto_contact":
		return userPrefix + strings.TrimSpace(argument)
	case "regex": // TEXT|PATTERN
		i := strings.LastIndexByte(argument, '|')
		if i < 0 {
			return word(false)
		}
		re, err := compile(plain(argument[i+1:]))
		return word(err == nil && re.MatchString(plain(argument[:i])))
	case "cond": // A == B ? YES : NO
		return condExpression(argument)
	}
	return ""
}

// condExpression decides A == B ? YES : NO and its opposite with !=.
func condExpression(argument string) string {
	test, outcomes, ok := strings.Cut(argument, "?")
	if !ok {
		return ""
	}
	yes, no, _ := strings.Cut(outcomes, ":")
	for _, op := range []string{"==", "!="} {
		if a, b, ok := strings.Cut(test, op); ok {
			same := strings.TrimSpace(plain(a)) == strings.TrimSpace(plain(b))
			if same == (op == "==") {
				return strings.TrimSpace(yes)
			}
			return strings.TrimSpace(no)
		}
	}
	return ""
}

func word(b bool) string { return strconv.FormatBool(b) }
