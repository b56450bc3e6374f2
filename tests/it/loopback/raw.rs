//! A client that sends what it is told, to see the refusals as they are.

use maillage::loopback::Handle;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

/// Requests with the bot's token.
pub(super) struct Raw {
    client: reqwest::Client,
    base: String,
    token: String,
}

/// A status and a body (Null when there is none or it is not JSON).
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Value,
}

impl Reply {
    /// The status and Discord's code, 0 when there is none.
    pub(super) fn refusal(&self) -> (u16, u64) {
        (self.status, self.body["code"].as_u64().unwrap_or(0))
    }

    pub(super) fn id(&self) -> u64 {
        assert!(self.status < 300, "{self:?}");
        self.body["id"].as_str().and_then(|id| id.parse().ok()).unwrap()
    }

    /// The codes of the faults at a path of the error tree, «embeds/0/title».
    pub(super) fn faults_at(&self, path: &str) -> Vec<String> {
        let node = self.body["errors"]
            .pointer(&format!("/{path}/_errors"))
            .cloned()
            .unwrap_or(json!([]));
        node.as_array()
            .unwrap()
            .iter()
            .map(|e| e["code"].as_str().unwrap().to_owned())
            .collect()
    }
}

impl Raw {
    pub(super) fn new(discord: &Handle) -> Self {
        Self {
            client: reqwest::Client::builder()
                .user_agent("DiscordBot (https://example.org, 1)")
                .build()
                .unwrap(),
            base: format!("{}/api/v10", discord.base_url()),
            token: discord.token(),
        }
    }

    pub(super) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method: Method = method.parse().unwrap();
        self.client
            .request(method, format!("{}{path}", self.base))
            .header("Authorization", format!("Bot {}", self.token))
    }

    pub(super) async fn send(request: RequestBuilder) -> Reply {
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let body = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or(Value::Null);
        Reply { status, body }
    }

    pub(super) async fn call(&self, method: &str, path: &str, body: &Value) -> Reply {
        let request = self.request(method, path);
        Self::send(if body.is_null() { request } else { request.json(body) }).await
    }

    pub(super) async fn get(&self, path: &str) -> Reply {
        self.call("GET", path, &Value::Null).await
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> Reply {
        self.call("POST", path, &body).await
    }

    pub(super) async fn patch(&self, path: &str, body: Value) -> Reply {
        self.call("PATCH", path, &body).await
    }

    pub(super) async fn put(&self, path: &str, body: Value) -> Reply {
        self.call("PUT", path, &body).await
    }

    pub(super) async fn delete(&self, path: &str) -> Reply {
        self.call("DELETE", path, &Value::Null).await
    }
}
