// Command omniverto is a video conference server that speaks FreeSWITCH's Verto.
// This package reads flags, handles signals and sets exit codes: 0 for a clean
// end, 1 for an error, which is one sentence on standard error, or for a reply to
// omniverto ctl that refuses the command, 3 for an assertion of omniverto load that
// does not hold, and 80 for wrong usage.
package main

import (
	"fmt"
	"os"

	"github.com/alecthomas/kong"

	"github.com/omniverto/omniverto/mcu"
)

type commands struct {
	Serve   serve   `cmd:"" help:"Run the conference server."`
	Invite  invite  `cmd:"" help:"Print a link into a room and, on the second line, the bare token."`
	Ctl     ctl     `cmd:"" help:"Run a command of the conference API in a room of a running server and print its reply."`
	Load    load    `cmd:"" help:"Load and measure a Verto server with synthetic participants."`
	Version version `cmd:"" help:"Print the version."`
}

func main() {
	ctx := kong.Parse(&commands{},
		kong.Name("omniverto"),
		kong.Description("A video conference server: browsers join over Verto, see one canvas, hear the mix."),
		kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if err := ctx.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "omniverto:", err)
		os.Exit(1)
	}
}

type version struct{}

func (version) Run() error {
	fmt.Println("omniverto", mcu.Version)
	return nil
}
