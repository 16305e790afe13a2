import React from 'react';
import { t } from '@grafana/i18n';
import { Alert } from '@grafana/ui';

/** There is nothing to choose: every version in force within the time range is marked. */
export function AnnotationEditor() {
  return (
    <Alert severity="info" title={t('annotations.title', 'Policies and configurations in force')}>
      {t(
        'annotations.text',
        'Marks each moment at which a routing policy or a configuration was put in force, with its version. Its tags say which of the two it was.'
      )}
    </Alert>
  );
}
