import type { AnnotationQuery } from '@grafana/data';
import { annotations } from './annotations';
import type { TributaryQuery } from './types';

const stored = (target?: TributaryQuery) =>
  ({ name: 'Policy', enable: true, iconColor: 'red', target }) as AnnotationQuery<TributaryQuery>;

test('an annotation asks for versions in force, whatever was stored', () => {
  for (const target of [undefined, { refId: 'X', kind: 'named' as const }]) {
    const prepared = annotations.prepareAnnotation!(stored(target));
    expect(annotations.prepareQuery!(prepared)).toEqual({ refId: target?.refId ?? 'Anno', kind: 'annotations' });
  }
  expect(annotations.getDefaultQuery!()).toEqual({ kind: 'annotations' });
});
