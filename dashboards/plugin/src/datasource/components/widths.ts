/** How wide the labels of the editors are, in Grafana's units. */
export const LABEL_WIDTH = 20;
