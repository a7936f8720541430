package config

import (
	"errors"
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
)

// parse takes the settings of an omniverto.yaml. Keys that it does not know and
// keys given twice are refused with their line. inData tells that the file lies
// in the data folder, where it cannot move that folder.
func (c *Config) parse(doc []byte, inData bool) error {
	var root yaml.Node
	if err := yaml.Unmarshal(doc, &root); err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(root.Content) == 0 {
		return nil
	}
	top := root.Content[0]
	if top.Kind == yaml.ScalarNode && top.Tag == "!!null" {
		return nil
	}
	if top.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: expected lines of the form \"key: value\"", top.Line)
	}
	known := map[string]setting{}
	for _, s := range settings() {
		known[s.yamlKey()] = s
	}
	for i := 0; i+1 < len(top.Content); i += 2 {
		key, value := top.Content[i], top.Content[i+1]
		s, ok := known[key.Value]
		switch {
		case !ok:
			return fmt.Errorf("line %d: unknown key %q", key.Line, key.Value)
		case c.named[s.name]:
			return fmt.Errorf("line %d: %q is given twice", key.Line, key.Value)
		case inData && s.name == "data":
			return fmt.Errorf("line %d: \"data\" cannot be set by the file in the data folder; name the file with --config", key.Line)
		}
		if err := c.takeNode(s, value); err != nil {
			return fmt.Errorf("line %d: %s: %w", value.Line, key.Value, err)
		}
	}
	return nil
}

// takeNode sets one setting from a scalar or a sequence of scalars; an empty
// value leaves the default.
func (c *Config) takeNode(s setting, node *yaml.Node) error {
	var value string
	switch {
	case node.Kind == yaml.ScalarNode && node.Tag == "!!null":
		return nil
	case node.Kind == yaml.ScalarNode:
		value = node.Value
	case node.Kind == yaml.SequenceNode:
		items := make([]string, len(node.Content))
		for i, item := range node.Content {
			if item.Kind != yaml.ScalarNode {
				return errors.New("expected a list of words")
			}
			items[i] = item.Value
		}
		value = strings.Join(items, ",")
	default:
		return errors.New("expected a word or a list of words")
	}
	c.named[s.name] = true
	return s.set(c, value)
}
