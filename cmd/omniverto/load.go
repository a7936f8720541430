package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	mcuload "github.com/omniverto/omniverto/mcu/load"
)

// exitAsserts is the exit status when an assertion of omniverto load does not
// hold.
const exitAsserts = 3

// load's subcommands; "omniverto load" alone is "omniverto load run".
type load struct {
	Run    loadRun    `cmd:"" default:"withargs" help:"Join a server with synthetic participants and measure. Exit status 3: an assertion does not hold."`
	Tables loadTables `cmd:"" help:"Run the published meetings, each with its floor, and print them as a Markdown table."`
	Floor  loadFloor  `cmd:"" hidden:"" help:"Do the bare codec work of a meeting that is described on standard input."`
}

type loadRun struct {
	mcuload.Options
	JSON bool `name:"json" help:"Print the report as JSON."`
}

func (l *loadRun) Run() error {
	ctx, stop := interruptible()
	defer stop()
	programs, err := mcuload.Own()
	if err != nil {
		return err
	}
	bar := newBar(os.Stderr)
	report, err := mcuload.Run(ctx, l.Options, programs, commandLine(os.Args), bar.progress)
	bar.clear()
	if err != nil {
		return err
	}
	if l.JSON {
		err = report.WriteJSON(os.Stdout)
	} else {
		report.WriteTable(os.Stdout)
	}
	if err == nil && report.Failed() {
		os.Exit(exitAsserts)
	}
	return err
}

// commandLine is how the tool was called, without the password.
func commandLine(args []string) string {
	out := []string{"omniverto"}
	for i, arg := range args[1:] {
		if args[i] == "--password" {
			arg = "…"
		} else if strings.HasPrefix(arg, "--password=") {
			arg = "--password=…"
		}
		out = append(out, arg)
	}
	return strings.Join(out, " ")
}

type loadTables struct {
	Duration time.Duration `default:"10s" help:"How long each round measures (${default})."`
	Rounds   int           `default:"3" help:"Rounds of meeting and floor (${default})."`
}

func (l *loadTables) Run() error {
	ctx, stop := interruptible()
	defer stop()
	programs, err := mcuload.Own()
	if err != nil {
		return err
	}
	bar := newBar(os.Stderr)
	defer bar.clear()
	return mcuload.Tables(ctx, os.Stdout, mcuload.Scenarios(l.Duration, l.Rounds), programs, bar.progress)
}

type loadFloor struct{}

func (loadFloor) Run() error {
	ctx, stop := interruptible()
	defer stop()
	return mcuload.ServeFloor(ctx, os.Stdin, os.Stdout)
}

// interruptible ends at a signal; a second one ends the process at once.
func interruptible() (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// bar shows progress on a terminal, and nothing elsewhere.
type bar struct{ to io.Writer }

func newBar(f *os.File) bar {
	if isTerminal(f) {
		return bar{f}
	}
	return bar{io.Discard}
}

func (b bar) progress(what string, share float64) {
	const width = 30
	full := int(share * width)
	fmt.Fprintf(b.to, "\r\x1b[K%s%s %3.0f %% %s", strings.Repeat("█", full), strings.Repeat("·", width-full), 100*share, what)
}

func (b bar) clear() { fmt.Fprint(b.to, "\r\x1b[K") }
