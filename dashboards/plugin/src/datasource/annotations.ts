import type { AnnotationQuery, AnnotationSupport } from '@grafana/data';
import { AnnotationEditor } from './components/AnnotationEditor';
import type { TributaryQuery } from './types';

/** Annotations mark when a routing policy or a configuration was put in force. The frames carry time, title, text and tags. */
export const annotations: AnnotationSupport<TributaryQuery> = {
  QueryEditor: AnnotationEditor,
  getDefaultQuery: () => ({ kind: 'annotations' }),
  // An annotation that was stored for another data source, or before anything was chosen, has no target of ours.
  prepareAnnotation: (json: AnnotationQuery<TributaryQuery>) => ({
    ...json,
    target: { ...json.target, refId: json.target?.refId ?? 'Anno', kind: 'annotations' },
  }),
  prepareQuery: (annotation) => annotation.target && { ...annotation.target, kind: 'annotations' },
};
