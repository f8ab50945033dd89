#include "conformance/runner/exchange.h"

#include <algorithm>

namespace concord::runner {

namespace {

constexpr std::string_view kHidden = "***";
constexpr std::size_t kLeastSecret = 6;
constexpr std::string_view kSecretNames[] = {"access_token",  "refresh_token",    "id_token",
                                             "client_secret", "client_assertion", "password"};

std::string lower(std::string_view text) {
  std::string made(text);
  std::transform(made.begin(), made.end(), made.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return made;
}

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}

/// Hides what follows `name=` in addresses and forms, and `"name":"` in JSON.
void hide_parameter(std::string& text, std::string_view name) {
  for (auto at = text.find(name); at != std::string::npos; at = text.find(name, at + 1)) {
    std::size_t from = at + name.size();
    std::string_view ends = "& \"'\r\n#";
    if (from < text.size() && text[from] == '=') {
      ++from;
    } else if (from < text.size() && text[from] == '"') {
      from = text.find_first_not_of(" :\t", from + 1);
      if (from == std::string::npos || text[from] != '"') continue;
      ++from;
      ends = "\"";
    } else {
      continue;
    }
    const auto end = std::min(text.find_first_of(ends, from), text.size());
    text.replace(from, end - from, kHidden);
  }
}

}  // namespace

std::optional<std::string> header(const std::vector<HeaderLine>& headers, std::string_view field) {
  std::optional<std::string> found;
  const std::string wanted = lower(field);
  for (const HeaderLine& line : headers) {
    if (lower(line.field) != wanted) continue;
    found = found ? *found + ", " + line.value : line.value;
  }
  return found;
}

bool Mask::is_secret_field(std::string_view field) {
  const std::string name = lower(field);
  constexpr std::string_view kWords[] = {"authorization", "cookie",  "token",    "secret",
                                         "apikey",        "api-key", "password", "assertion"};
  return std::any_of(std::begin(kWords), std::end(kWords),
                     [&](std::string_view word) { return name.find(word) != std::string::npos; });
}

void Mask::add(std::string secret) {
  if (secret.size() >= kLeastSecret) secrets_.insert(std::move(secret));
}

std::string Mask::text(std::string_view text) const {
  std::string made(text);
  for (const std::string& secret : secrets_) replace_all(made, secret, kHidden);
  for (const std::string_view name : kSecretNames) hide_parameter(made, name);
  return made;
}

std::string Mask::value(const HeaderLine& line) const {
  return is_secret_field(line.field) && !line.value.empty() ? std::string(kHidden)
                                                            : text(line.value);
}

Exchange Mask::exchange(const Exchange& from) const {
  Exchange made = from;
  made.request.url = text(from.request.url);
  made.request.body = text(from.request.body);
  made.response.body = text(from.response.body);
  made.failure = text(from.failure);
  for (HeaderLine& line : made.request.headers) line.value = value(line);
  for (HeaderLine& line : made.response.headers) line.value = value(line);
  return made;
}

}  // namespace concord::runner
