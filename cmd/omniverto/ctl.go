package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/omniverto/omniverto/mcu/admin"
	"github.com/omniverto/omniverto/mcu/config"
	"github.com/omniverto/omniverto/mcu/directory"
)

type ctl struct {
	Admin   string   `placeholder:"ADDR" help:"Admin address of the server. Default: the one that it has kept in its data folder."`
	Data    string   `placeholder:"DIR" help:"Data folder of the server."`
	Room    string   `arg:"" help:"Room, such as 3600; or, without a room: list, xml_list, json_list, count, help."`
	Command []string `arg:"" optional:"" passthrough:"" help:"Command and its words, such as vid-layout 2x2. A word with spaces is one word of the command."`
}

// Help is what the usage says besides the flags.
func (*ctl) Help() string {
	return `Examples:

  omniverto ctl 3600 vid-layout 2x2          a command in a room; the reply is printed as it is
  omniverto ctl 3600 vid-banner 7 'two words'
  omniverto ctl 3600 help                    the commands that rooms take
  omniverto ctl 3600 dial user/1001          calls somebody into a room, which is made if need be
  omniverto ctl list [pretty|summary]        all rooms and their members; also xml_list, json_list, count

The exit status is 1 when the reply refuses the command, or when no server answers.`
}

// roomless are the commands that need no room.
func roomless() []string {
	return []string{"list", "xml_list", "json_list", "count", "help", "commands"}
}

// alone reports whether the command is one that needs no room.
func (c *ctl) alone() bool {
	return slices.Contains(roomless(), strings.ToLower(c.Room))
}

// Validate refuses a room without a command: that is wrong usage.
func (c *ctl) Validate() error {
	if c.Room != "" && len(c.Command) == 0 && !c.alone() {
		return errors.New(`expected "<room> <command> ...", such as 3600 count; or, without a room, ` + strings.Join(roomless(), ", "))
	}
	return nil
}

// Run prints the reply as it is and ends with status 1 when it is a refusal.
func (c *ctl) Run() error {
	if !directory.ValidRoom(c.Room) {
		return fmt.Errorf("%q is not a room name: use 1 to 64 of A-Z a-z 0-9 _ . -", c.Room)
	}
	client, err := c.client()
	if err != nil {
		return err
	}
	ctx, stop := interruptible()
	defer stop()
	reply, done, err := c.ask(ctx, client)
	if err != nil {
		return err
	}
	if !strings.HasSuffix(reply, "\n") {
		reply += "\n"
	}
	fmt.Print(reply)
	if !done {
		os.Exit(1)
	}
	return nil
}

// ask runs the command. The words that need no room are asked without one: the
// server prefers a room of that name.
func (c *ctl) ask(ctx context.Context, client *admin.Client) (reply string, done bool, err error) {
	if c.alone() {
		return client.Conference(ctx, append([]string{c.Room}, c.Command...))
	}
	return client.Command(ctx, c.Room, c.Command)
}

// client is one of the server that the flags name.
func (c *ctl) client() (*admin.Client, error) {
	cfg, err := config.Load(config.Sources{Flags: c.flags(), Env: os.Environ()})
	if err != nil {
		return nil, err
	}
	url := "http://" + cfg.Admin
	if c.Admin == "" {
		// The server knows better than its settings: a defaulted port may have moved.
		links, err := config.LoadLinks(cfg.Data)
		if err != nil {
			return nil, err
		}
		if links.Admin != "" {
			url = links.Admin
		}
	}
	return admin.NewClient(url, cfg.Data)
}

func (c *ctl) flags() map[string]string {
	out := map[string]string{}
	if c.Admin != "" {
		out["admin"] = strings.TrimPrefix(c.Admin, "http://")
	}
	if c.Data != "" {
		out["data"] = c.Data
	}
	return out
}
