#include "tests/e2e/canaries.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cctype>

#include "fhir/json/reader.h"
#include "fhir/json/writer.h"
#include "fhir/tree/builder.h"
#include "fhir/xml/writer.h"

namespace concord::test {
namespace {

using tree::Node;

const tree::Symbols& symbols() {
  static const tree::Symbols kSymbols;
  return kSymbols;
}

tree::Document read(const std::string& json) {
  auto document = json::read(json, symbols());
  EXPECT_TRUE(document.has_value());
  return document ? *std::move(document) : tree::Document(symbols());
}

std::string written(const tree::Document& document) {
  auto text = json::write(document);
  EXPECT_TRUE(text.has_value());
  return text ? *std::move(text) : std::string();
}

template <typename Take>
void each_node(const Node& node, Take&& take) {
  take(node);
  for (const Node& child : node.children()) each_node(child, take);
}

template <typename Take>
void each_leaf(const tree::Document& document, Take&& take) {
  std::size_t number = 0;
  each_node(document.root(), [&](const Node& node) {
    if (node.kind() == tree::Kind::string && node.has_value()) take(number++, node);
  });
}

std::string lowered(std::string_view text) {
  std::string low(text);
  std::transform(low.begin(), low.end(), low.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return low;
}

}  // namespace

std::vector<Leaf> leaves_of(const std::string& json) {
  const tree::Document document = read(json);
  std::vector<Leaf> leaves;
  each_leaf(document, [&](std::size_t number, const Node& node) {
    leaves.push_back(
        {number, document.path(node), std::string(document.name(node)), std::string(node.text())});
  });
  return leaves;
}

std::string canary(std::size_t number) {
  return std::string(kCanary) + std::to_string(100'000 + number);
}

std::string marked(const std::string& json, const std::vector<std::size_t>& leaves) {
  tree::Document document = read(json);
  tree::Builder builder(document);
  each_leaf(document, [&](std::size_t number, const Node& node) {
    if (std::find(leaves.begin(), leaves.end(), number) == leaves.end()) return;
    builder.set_copy(tree::Builder::mutable_node(node), canary(number));
  });
  return written(document);
}

std::string with_unknown_extensions(const std::string& json) {
  tree::Document document = read(json);
  tree::Builder builder(document);
  std::vector<Node*> resources;
  each_node(document.root(), [&](const Node& node) {
    if (node.is(tree::Flag::resource) && node.parent() != nullptr) {
      resources.push_back(&tree::Builder::mutable_node(node));
    }
  });
  std::size_t number = 900'000;
  for (Node* resource : resources) {
    Node* extension = builder.append_grouped(*resource, builder.symbol("extension"));
    builder.set_flag(*extension, tree::Flag::in_array);
    Node* url = builder.append(*extension, builder.symbol("url"), tree::Kind::string);
    builder.set_copy(*url, "https://example.org/" + canary(number++));
    Node* value = builder.append(*extension, builder.symbol("valueString"), tree::Kind::string);
    builder.set_copy(*value, canary(number++));
  }
  return written(document);
}

std::string as_xml(const std::string& json) {
  const tree::Document document = read(json);
  auto text = xml::write_fhir(document);
  EXPECT_TRUE(text.has_value());
  return text ? *std::move(text) : std::string();
}

std::vector<std::string> found_in(std::string_view what, std::string_view text,
                                  const std::vector<std::string>& secrets) {
  constexpr std::size_t kAround = 120;
  constexpr std::size_t kMost = 5;
  const std::string low = lowered(text);
  std::vector<std::string> found;
  const auto look = [&](std::string_view secret) {
    const auto at = low.find(lowered(secret));
    if (at == std::string::npos || found.size() >= kMost) return;
    const std::size_t from = at < kAround ? 0 : at - kAround;
    found.push_back(std::string(what) + ": …" +
                    std::string(text.substr(from, 2 * kAround + secret.size())) + "…");
  };
  look(kCanary);
  for (const std::string& secret : secrets) look(secret);
  return found;
}

}  // namespace concord::test
