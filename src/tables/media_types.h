/* SPDX-License-Identifier: AGPL-3.0-only */

/* What a file is by the ending of its name: the media types of what the web is made of, as IANA has
 * registered them and browsers want them. (Debian's /etc/mime.types knows fifteen hundred, but is a
 * package that a host need not have, and what a file is must not depend on the host.)
 *
 * X(ending, type)
 *   ending  what follows the name's last point, in lower case; in the order of the alphabet
 *   type    the value of Content-Type; what is text is UTF-8 */

#ifndef FN0_TABLES_MEDIA_TYPES_H
#define FN0_TABLES_MEDIA_TYPES_H

#include <stddef.h>

#define MEDIA_TYPE_TABLE(X)                                                                \
    X("3gp", "video/3gpp")                                                                 \
    X("7z", "application/x-7z-compressed")                                                 \
    X("aac", "audio/aac")                                                                  \
    X("apng", "image/apng")                                                                \
    X("atom", "application/atom+xml")                                                      \
    X("avif", "image/avif")                                                                \
    X("bmp", "image/bmp")                                                                  \
    X("bz2", "application/x-bzip2")                                                        \
    X("cjs", "text/javascript; charset=utf-8")                                             \
    X("css", "text/css; charset=utf-8")                                                    \
    X("csv", "text/csv; charset=utf-8")                                                    \
    X("cur", "image/vnd.microsoft.icon")                                                   \
    X("doc", "application/msword")                                                         \
    X("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document")   \
    X("eot", "application/vnd.ms-fontobject")                                              \
    X("epub", "application/epub+zip")                                                      \
    X("flac", "audio/flac")                                                                \
    X("geojson", "application/geo+json")                                                   \
    X("gif", "image/gif")                                                                  \
    X("glb", "model/gltf-binary")                                                          \
    X("gltf", "model/gltf+json")                                                           \
    X("gz", "application/gzip")                                                            \
    X("heic", "image/heic")                                                                \
    X("heif", "image/heif")                                                                \
    X("htm", "text/html; charset=utf-8")                                                   \
    X("html", "text/html; charset=utf-8")                                                  \
    X("ico", "image/vnd.microsoft.icon")                                                   \
    X("ics", "text/calendar; charset=utf-8")                                               \
    X("jpeg", "image/jpeg")                                                                \
    X("jpg", "image/jpeg")                                                                 \
    X("js", "text/javascript; charset=utf-8")                                              \
    X("json", "application/json")                                                          \
    X("jsonld", "application/ld+json")                                                     \
    X("jxl", "image/jxl")                                                                  \
    X("m3u8", "application/vnd.apple.mpegurl")                                             \
    X("m4a", "audio/mp4")                                                                  \
    X("m4v", "video/mp4")                                                                  \
    X("map", "application/json")                                                           \
    X("md", "text/markdown; charset=utf-8")                                                \
    X("mjs", "text/javascript; charset=utf-8")                                             \
    X("mov", "video/quicktime")                                                            \
    X("mp3", "audio/mpeg")                                                                 \
    X("mp4", "video/mp4")                                                                  \
    X("mpd", "application/dash+xml")                                                       \
    X("mpeg", "video/mpeg")                                                                \
    X("oga", "audio/ogg")                                                                  \
    X("ogg", "audio/ogg")                                                                  \
    X("ogv", "video/ogg")                                                                  \
    X("opus", "audio/ogg")                                                                 \
    X("otf", "font/otf")                                                                   \
    X("pdf", "application/pdf")                                                            \
    X("png", "image/png")                                                                  \
    X("ppt", "application/vnd.ms-powerpoint")                                              \
    X("pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation") \
    X("ps", "application/postscript")                                                      \
    X("rss", "application/rss+xml")                                                        \
    X("rtf", "application/rtf")                                                            \
    X("svg", "image/svg+xml")                                                              \
    X("tar", "application/x-tar")                                                          \
    X("tif", "image/tiff")                                                                 \
    X("tiff", "image/tiff")                                                                \
    X("toml", "application/toml")                                                          \
    X("ts", "video/mp2t")                                                                  \
    X("ttc", "font/collection")                                                            \
    X("ttf", "font/ttf")                                                                   \
    X("txt", "text/plain; charset=utf-8")                                                  \
    X("vtt", "text/vtt; charset=utf-8")                                                    \
    X("wasm", "application/wasm")                                                          \
    X("wav", "audio/wav")                                                                  \
    X("weba", "audio/webm")                                                                \
    X("webm", "video/webm")                                                                \
    X("webmanifest", "application/manifest+json")                                          \
    X("webp", "image/webp")                                                                \
    X("woff", "font/woff")                                                                 \
    X("woff2", "font/woff2")                                                               \
    X("xhtml", "application/xhtml+xml")                                                    \
    X("xls", "application/vnd.ms-excel")                                                   \
    X("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")         \
    X("xml", "application/xml")                                                            \
    X("xz", "application/x-xz")                                                            \
    X("yaml", "application/yaml")                                                          \
    X("yml", "application/yaml")                                                           \
    X("zip", "application/zip")                                                            \
    X("zst", "application/zstd")

/* The type of a file by its path; application/octet-stream for what is not in the table. Static.
 * Any thread. */
const char *media_type_of(const char *path);

/* How many rows there are. */
size_t media_type_count(void);

/* The ending of the row at a place from 0 on; NULL past the end. */
const char *media_type_ending_at(size_t index);

#endif
