package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/omniverto/omniverto/mcu/admin"
	"github.com/omniverto/omniverto/mcu/config"
	"github.com/omniverto/omniverto/mcu/directory"
)

type ctl struct {
	Admin   string   `placeholder:"ADDR" help:"Admin address of the server. Default: the one that it has kept in its data folder."`
	Data    string   `placeholder:"DIR" help:"Data folder of the server."`
	Room    string   `arg:"" help:"Room, such as 3600."`
	Command []string `arg:"" passthrough:"" help:"Command and its words, such as vid-layout 2x2. A word with spaces is one word of the command."`
}

// Run prints the reply as it is and ends with status 1 when it is a refusal.
func (c *ctl) Run() error {
	if !directory.ValidRoom(c.Room) {
		return fmt.Errorf("%q is not a room name: use 1 to 64 of A-Z a-z 0-9 _ . -", c.Room)
	}
	cfg, err := config.Load(config.Sources{Flags: c.flags(), Env: os.Environ()})
	if err != nil {
		return err
	}
	url := "http://" + cfg.Admin
	if c.Admin == "" {
		// The server knows better than its settings: a defaulted port may have moved.
		links, err := config.LoadLinks(cfg.Data)
		if err != nil {
			return err
		}
		if links.Admin != "" {
			url = links.Admin
		}
	}
	client, err := admin.NewClient(url, cfg.Data)
	if err != nil {
		return err
	}
	ctx, stop := interruptible()
	defer stop()
	reply, done, err := client.Command(ctx, c.Room, c.Command)
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
