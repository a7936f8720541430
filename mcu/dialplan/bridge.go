package dialplan

import (
	"strings"
)

// doBridge calls the first user of a dial string. What is not a user of this server,
// a SIP gateway say, cannot be called: the plan goes on if it says continue_on_fail.
func doBridge(r *run, data string) (outcome, error) {
	data, global := braces(strings.TrimSpace(data), '{', '}')
	cause := CauseOutOfOrder
	for leg := range strings.FieldsFuncSeq(data, func(c rune) bool { return c == ',' || c == '|' }) {
		leg, own := braces(strings.TrimSpace(leg), '[', ']')
		if name, ok := strings.CutPrefix(leg, "error/"); ok {
			cause = causeOf(plain(name))
			continue
		}
		user, ok := cutUser(leg)
		if !ok {
			continue
		}
		if user, ok = r.user(user); !ok {
			cause = CauseSubscriberAbsent
			continue
		}
		for _, pair := range append(global, own...) {
			_, _ = doSet(r, pair)
		}
		r.target.Kind, r.target.User = User, user
		return connected, nil
	}
	if r.failed == 0 {
		r.failed = cause
	}
	if on := plain(r.variable("continue_on_fail")); isTrue(on) || names(on, cause) {
		return goesOn, nil
	}
	r.plan.log.Warn("dialplan bridge cannot be made", "to", cut(plain(data), maxLog), "destination", plain(r.destination))
	r.target.Kind, r.target.Cause = Hangup, cause
	return connected, nil
}

// braces splits the variables in braces off the beginning of a dial string.
func braces(s string, open, end byte) (rest string, pairs []string) {
	if s == "" || s[0] != open {
		return s, nil
	}
	inner, rest, ok := strings.Cut(s[1:], string(end))
	if !ok {
		return s, nil
	}
	return strings.TrimSpace(rest), list(inner, ",")
}

// cutUser is the user of a leg user/NAME[@DOMAIN] or verto.rtc/NAME[@DOMAIN].
func cutUser(leg string) (string, bool) {
	for _, endpoint := range []string{userPrefix, "verto.rtc/"} {
		if user, ok := strings.CutPrefix(leg, endpoint); ok {
			return user, user != ""
		}
	}
	return "", false
}

// user completes a name by its domain and finds it in the directory.
func (r *run) user(name string) (string, bool) {
	name, domain, _ := strings.Cut(name, "@")
	name, domain = plain(name), plain(domain)
	if domain == "" {
		domain = r.call.Domain
	}
	return name + "@" + domain, r.plan.exists(name, domain)
}

// names reports whether a list of causes holds one, by name or number.
func names(list string, cause int) bool {
	for word := range strings.SplitSeq(list, ",") {
		if word = strings.TrimSpace(word); word != "" && causeOf(word) == cause {
			return true
		}
	}
	return false
}
