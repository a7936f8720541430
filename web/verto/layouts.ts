// The layouts that a moderator can choose from, as list-videoLayouts gives them.

import { array, flag, number, object, text, type JSONObject, type JSONValue } from './json';

/** One cell of a layout on a grid of 360 by 360, whatever the shape of the canvas. */
export interface LayoutImage {
  x: number;
  y: number;
  width: number;
  height: number;
  floor: boolean;
  /** Lies over others. */
  overlap: boolean;
  /** Empty for a cell that anybody gets. */
  reservation: string;
}

export interface LayoutChoice {
  /** What vid-layout takes. */
  name: string;
  /** Empty when the server does not tell where the cells are. */
  images: LayoutImage[];
  reservations: string[];
}

export interface LayoutGroup {
  /** What vid-layout takes, with the prefix: group:grid. */
  name: string;
  /** Its layouts, the server's choice by the number of members. */
  layouts: string[];
}

/** All choices, each kind sorted by name. */
export interface LayoutList {
  groups: LayoutGroup[];
  layouts: LayoutChoice[];
}

/** Reads the responseData of list-videoLayouts; entries of an unknown kind are left out. */
export function layoutList(data: JSONValue | undefined): LayoutList {
  const entries = array(data).map(object).filter((entry) => text(entry['name']) !== '');
  const kind = (name: string): JSONObject[] => entries.filter((entry) => text(entry['type']) === name);
  return {
    groups: sorted(kind('layoutGroup').map(group)),
    layouts: sorted(kind('layout').map(choice)),
  };
}

/** By name, as people count, and each name once. */
function sorted<T extends { name: string }>(entries: T[]): T[] {
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  return [...byName.values()].sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
}

function texts(value: JSONValue | undefined): string[] {
  return array(value).map((entry) => text(entry)).filter((entry) => entry !== '');
}

function group(entry: JSONObject): LayoutGroup {
  return { name: text(entry['name']), layouts: texts(entry['groupLayouts']) };
}

function choice(entry: JSONObject): LayoutChoice {
  const images = array(entry['images']).map((value) => image(object(value))).filter(({ width }) => width > 0);
  const reserved = [...texts(entry['resIDS']), ...images.map(({ reservation }) => reservation)];
  return { name: text(entry['name']), images, reservations: [...new Set(reserved)].filter((id) => id !== '') };
}

function image(data: JSONObject): LayoutImage {
  const width = number(data['scale'], 0);
  return {
    x: number(data['x'], 0),
    y: number(data['y'], 0),
    width,
    // Without a height of its own a cell has the canvas' shape.
    height: number(data['hscale'], 0) || width,
    floor: flag(data['floor']) || data['floor'] === 1,
    overlap: flag(data['overlap']) || data['overlap'] === 1,
    reservation: text(data['resID']),
  };
}

/** The layout of a group that holds this many members: the first that is large enough, or else the largest. */
export function groupLayout(list: LayoutList, name: string, members: number): LayoutChoice | undefined {
  const names = list.groups.find((group) => group.name === name)?.layouts ?? [];
  const known = names.flatMap((name) => list.layouts.find((layout) => layout.name === name) ?? []);
  const sorted = [...known].sort((a, b) => a.images.length - b.images.length);
  return sorted.find(({ images }) => images.length >= members) ?? sorted.at(-1);
}
