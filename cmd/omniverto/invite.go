package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/omniverto/omniverto/mcu/config"
	"github.com/omniverto/omniverto/mcu/directory"
)

type invite struct {
	Room string        `arg:"" help:"Room: a number such as 3500, or a name of A-Z a-z 0-9 _ . -"`
	Role string        `enum:"moderator,participant,viewer" default:"participant" help:"moderator, participant or viewer (${default})."`
	Name string        `placeholder:"NAME" help:"Name shown to others; without it the page asks."`
	TTL  time.Duration `name:"ttl" default:"24h" help:"How long the link is good for (${default})."`
	Data string        `placeholder:"DIR" help:"Data folder of the server."`
}

func (i *invite) Run() error {
	if !directory.ValidRoom(i.Room) {
		return fmt.Errorf("%q is not a room name: use 1 to 64 of A-Z a-z 0-9 _ . -", i.Room)
	}
	if i.TTL <= 0 {
		return errors.New("--ttl must be longer than nothing, such as 24h")
	}
	cfg, err := config.Load(config.Sources{Flags: i.flags(), Env: os.Environ()})
	if err != nil {
		return err
	}
	// A key made here would be one that no server knows.
	if _, err := os.Stat(cfg.Data); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("no server has kept its keys in %s; name its data folder with --data", cfg.Data)
	}
	keys, err := directory.OpenKeys(filepath.Join(cfg.Data, "tokens"))
	if err != nil {
		return err
	}
	token, err := keys.Sign(directory.Claims{Room: i.Room, Role: directory.Role(i.Role), Name: i.Name}, i.TTL)
	if err != nil {
		return err
	}
	links, err := config.LoadLinks(cfg.Data)
	if err != nil {
		return err
	}
	links.Public = cfg.PublicURL
	fmt.Println(links.Join(i.Room, token))
	fmt.Println(token)
	return nil
}

func (i *invite) flags() map[string]string {
	if i.Data == "" {
		return nil
	}
	return map[string]string{"data": i.Data}
}
