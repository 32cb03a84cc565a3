// SPDX-License-Identifier: Apache-2.0
//
// Files that an author may import beside code: as a string, or as a Uint8Array.

export const TEXT = "txt md html htm css svg xml csv tsv sql graphql gql yaml yml toml pem hbs mustache".split(" ");
export const BINARY = "bin dat png jpg jpeg gif webp avif ico woff woff2 ttf otf pdf zip gz".split(" ");
