package rtc

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/pion/logging"
)

// logs hands pion's logs to slog at debug level: what an operator should see of
// a leg is said once, in its closing error.
type logs struct{ log *slog.Logger }

// NewLogger makes the logger of one pion scope.
func (l logs) NewLogger(scope string) logging.LeveledLogger {
	return scoped{l.log.With("pion", scope)}
}

type scoped struct{ log *slog.Logger }

func (s scoped) say(msg string) { s.log.Debug(msg) }

func (s scoped) sayf(format string, args []any) {
	if s.log.Enabled(context.Background(), slog.LevelDebug) {
		s.log.Debug(fmt.Sprintf(format, args...))
	}
}

// Trace is per packet and left out.
func (s scoped) Trace(string) {}

// Tracef is per packet and left out.
func (s scoped) Tracef(string, ...any) {}

// Debug logs at debug level, as all below.
func (s scoped) Debug(msg string) { s.say(msg) }

// Debugf logs at debug level.
func (s scoped) Debugf(format string, args ...any) { s.sayf(format, args) }

// Info logs at debug level.
func (s scoped) Info(msg string) { s.say(msg) }

// Infof logs at debug level.
func (s scoped) Infof(format string, args ...any) { s.sayf(format, args) }

// Warn logs at debug level.
func (s scoped) Warn(msg string) { s.say(msg) }

// Warnf logs at debug level.
func (s scoped) Warnf(format string, args ...any) { s.sayf(format, args) }

// Error logs at debug level.
func (s scoped) Error(msg string) { s.say(msg) }

// Errorf logs at debug level.
func (s scoped) Errorf(format string, args ...any) { s.sayf(format, args) }
