// SPDX-License-Identifier: AGPL-3.0-only

use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Whom {
    name: Option<String>,
}

#[derive(Deserialize, Serialize)]
struct Note {
    text: String,
}

#[wstd_axum::http_server]
fn main() -> Router {
    Router::new()
        .route("/", get(greet))
        .route("/notes/{id}", get(read))
        .route("/notes", post(write))
}

async fn greet(Query(whom): Query<Whom>) -> String {
    format!("Hello, {}!\n", whom.name.unwrap_or("world".into()))
}

async fn read(Path(id): Path<u32>) -> Json<Note> {
    Json(Note {
        text: format!("note {id}"),
    })
}

async fn write(Json(note): Json<Note>) -> (StatusCode, Json<Note>) {
    (StatusCode::CREATED, Json(note))
}
