// The cells of the canvas as the page shows them: who is there, and how he is.

import type { Geometry, GeometryLayer, Member } from '../../verto';
import { plainName } from '../meeting/links';
import { strings } from '../strings';
import { hit, readingOrder } from './place';

/** One cell, with lengths in pixels of the canvas. */
export interface Cell extends GeometryLayer {
  /** The same for the same person in every layout, so that his cell can follow his picture. */
  key: string;
  /** Undefined for an empty seat, another canvas, or somebody whose row has not come. */
  who: Member | undefined;
  name: string;
  mine: boolean;
  talking: boolean;
  muted: boolean;
  spotlit: boolean;
  /** Has raised a hand. */
  hand: boolean;
  /** Has lost the connection. */
  away: boolean;
  /** Of the connection: 1 bad, 2 poor, 3 good, 0 unknown. */
  quality: number;
  /** Nobody is here; the place is kept for somebody. */
  seat: boolean;
  /** The lower left corner is taken, by a text in the picture or by a cell that lies above. */
  high: boolean;
  /** Says it all, for those who do not see the picture. */
  label: string;
}

export interface CellsOptions {
  members: readonly Member[];
  /** This user's member id. */
  me: number | undefined;
  /** Empty seats too: they only matter to those who can fill them. */
  seats: boolean;
  /** Members whose name is in the picture already. */
  bannered?: ReadonlyMap<number, string>;
}

/** All cells in reading order. */
export function cells(geometry: Geometry, options: CellsOptions): Cell[] {
  const taken = new Set<number>();
  const shown = geometry.layers.filter(({ member, shows, reservation }) => member > 0 || shows > 0 || (options.seats && reservation !== ''));
  return readingOrder(shown).map((layer) => {
    const first = layer.member > 0 && !taken.has(layer.member);
    taken.add(layer.member);
    const key = first ? `member ${layer.member}` : `layer ${layer.layer} ${layer.z}`;
    const corner = hit(shown, layer.x + layer.width / 20, layer.y + (layer.height * 19) / 20);
    return cell(layer, key, corner !== layer, options);
  });
}

function cell(layer: GeometryLayer, key: string, covered: boolean, { members, me, bannered }: CellsOptions): Cell {
  const banner = layer.banner || bannered?.has(layer.member) === true;
  const who = layer.member > 0 ? members.find(({ id }) => id === layer.member) : undefined;
  const result = {
    ...layer,
    key,
    who,
    name: name(layer, who),
    mine: layer.member > 0 && layer.member === me,
    talking: who !== undefined && who.talking && !who.muted,
    muted: who?.muted ?? false,
    spotlit: who?.video?.floorLocked ?? false,
    hand: (who?.hand ?? 0) > 0,
    away: who?.detached ?? false,
    quality: who?.quality ?? 0,
    seat: layer.member === 0 && layer.shows === 0,
    banner,
    high: banner || covered,
  };
  return { ...result, label: label(result) };
}

function name(layer: GeometryLayer, who: Member | undefined): string {
  if (layer.shows > 0) return strings.cells.canvas(layer.shows);
  if (layer.member === 0) return strings.cells.seat(plainName(layer.reservation));
  return plainName(who?.name ?? '') || strings.members.unknown;
}

function label({ name, who, mine, talking, muted, spotlit, hand, away }: Omit<Cell, 'label'>): string {
  const words = strings.cells;
  return words.state(name, [
    ...(mine ? [words.isYou] : []),
    ...(away ? [words.away] : []),
    ...(hand ? [words.hand] : []),
    ...(talking ? [words.talking] : []),
    ...(muted ? [words.muted] : []),
    ...(who && (!who.video?.sends || who.video.muted) ? [words.cameraOff] : []),
    ...(spotlit ? [words.spotlit] : []),
  ]);
}
