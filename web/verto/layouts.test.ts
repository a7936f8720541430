import { describe, expect, it } from 'vitest';
import { groupLayout, layoutList } from './layouts';

const responseData = [
  { type: 'layout', name: '10x10', resIDS: [] },
  { type: 'layout', name: '10x10', resIDS: [] },
  { type: 'layout', name: '2x2', resIDS: [], images: [{ x: 180, y: 0, scale: 180, hscale: 90, floor: true, overlap: false, resID: 'guest' }] },
  {
    type: 'layout',
    name: 'presenter-dual',
    resIDS: ['presenter'],
    images: [{ x: 0, y: 0, scale: 180 }, { x: 0, y: 180, scale: 180, floor: 0, overlap: 1, resID: 'presenter' }],
  },
  { type: 'layoutGroup', name: 'group:grid', groupLayouts: ['10x10', '2x2', 'presenter-dual', 'unknown', 7] },
  { type: 'something', name: 'else' },
  { type: 'layout' },
  null,
];

describe('list-videoLayouts', () => {
  const list = layoutList(responseData);

  it('is sorted as people count', () => {
    expect(list.layouts.map(({ name }) => name)).toEqual(['2x2', '10x10', 'presenter-dual']);
    expect(list.groups).toEqual([{ name: 'group:grid', layouts: ['10x10', '2x2', 'presenter-dual', 'unknown'] }]);
  });

  it('tells where the cells are', () => {
    expect(list.layouts[0]?.images).toEqual([
      { x: 180, y: 0, width: 180, height: 90, floor: true, overlap: false, reservation: 'guest' },
    ]);
    expect(list.layouts[2]?.images[1]).toEqual({ x: 0, y: 180, width: 180, height: 180, floor: false, overlap: true, reservation: 'presenter' });
  });

  it('knows its reservation ids once each', () => {
    expect(list.layouts.map(({ reservations }) => reservations)).toEqual([['guest'], [], ['presenter']]);
  });

  it('may come without cells, as from other servers', () => {
    expect(list.layouts[1]?.images).toEqual([]);
  });

  it.each([[undefined], [null], ['x'], [{}]])('is empty from %j', (data) => {
    expect(layoutList(data)).toEqual({ groups: [], layouts: [] });
  });

  it.each([
    [1, '2x2'],
    [2, 'presenter-dual'],
    [9, 'presenter-dual'],
  ])('has a layout of a group for %i', (members, want) => expect(groupLayout(list, 'group:grid', members)?.name).toBe(want));

  it('has none for a group that it does not know', () => expect(groupLayout(list, 'group:x', 1)).toBeUndefined());
});
