// Words of the floor and of setup.
export const enAdmin = {} as const;
