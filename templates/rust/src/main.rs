// SPDX-License-Identifier: Apache-2.0

use wstd::http::{Body, Error, Request, Response, StatusCode};

/// Answers every request.
#[wstd::http_server]
async fn main(request: Request<Body>) -> Result<Response<Body>, Error> {
    match request.uri().path() {
        "/" => Ok(Response::new(greet(request.uri().query()).into())),
        path => {
            let answer = Response::builder().status(StatusCode::NOT_FOUND);
            Ok(answer.body(format!("There is no {path}.\n").into())?)
        }
    }
}

/// `name=Ada` is greeted as Ada, whoever has no name as the world.
fn greet(query: Option<&str>) -> String {
    let name = query.and_then(|query| query.strip_prefix("name="));
    // A variable of fn0.toml's [environment], or of .env.
    let greeting = std::env::var("GREETING").unwrap_or("Hello".into());
    format!("{greeting}, {}!\n", name.unwrap_or("world"))
}
