#include "fhir/snapshot/detail/store.h"

#include <algorithm>

#include "fhir/snapshot/detail/run.h"

namespace concord::snapshot {

namespace {

using tree::Document;
using tree::Node;

constexpr std::string_view kTypes = "http://hl7.org/fhir/StructureDefinition/";
constexpr std::size_t kDeepestChain = 40;  // bases, types and extensions, one needing the other

std::string_view text_of(const Document& document, std::string_view name) {
  const Node* found = document.root().child(document.find(name));
  return found == nullptr ? std::string_view{} : found->text();
}

void read_list(Definition& definition, std::string_view name, List& list) {
  const Document& document = *definition.document;
  const Node* view = document.root().child(document.find(name));
  if (view == nullptr) return;
  for (const Node* at = view->child(document.find("element")); at != nullptr;
       at = at->next_same()) {
    Element& made = definition.make(read_element(document, *at, definition.slicings));
    made.position = static_cast<std::uint32_t>(list.size());
    list.push_back(&made);
  }
}

tree::Limits scratch_limits() {
  tree::Limits limits;
  limits.max_nodes = std::size_t{64} << 20;
  limits.max_bytes = std::size_t{1} << 30;
  return limits;
}

}  // namespace

std::vector<const Node*> Definition::extensions(std::string_view wanted) const {
  std::vector<const Node*> found;
  const tree::Symbol url_name = document->find("url");
  for (const Node* at = document->root().child(document->find("extension")); at != nullptr;
       at = at->next_same()) {
    const Node* stated = at->child(url_name);
    if (stated != nullptr && stated->text() == wanted) found.push_back(at);
  }
  return found;
}

const Element* Definition::by_id(std::string_view id) const {
  for (const Element* element : snapshot) {
    if (element->id == id) return element;
  }
  return nullptr;
}

Store::Store(Source& source, const tree::Symbols& symbols, const Limits& limits)
    : source_(source), limits_(limits), scratch_(symbols, scratch_limits()) {}

Store::~Store() = default;

Definition* Store::add(const Document& document, const packages::Entry* entry) {
  const auto [at, is_new] = by_document_.try_emplace(&document, nullptr);
  if (!is_new) return at->second;
  Definition& made = definitions_.emplace_back();
  at->second = &made;
  made.document = &document;
  made.entry = entry;
  made.url = text_of(document, "url");
  made.version = text_of(document, "version");
  made.name = text_of(document, "name");
  made.type = text_of(document, "type");
  made.kind = text_of(document, "kind");
  made.derivation = text_of(document, "derivation");
  made.base = text_of(document, "baseDefinition");
  made.is_abstract = text_of(document, "abstract") == "true";
  read_list(made, "differential", made.differential);
  read_list(made, "snapshot", made.snapshot);
  return &made;
}

Definition* Store::find(std::string_view canonical, const Definition* asked_from) {
  canonical = canonical.substr(0, canonical.find('#'));
  if (canonical.empty()) return nullptr;
  const auto found = source_.find(canonical, asked_from == nullptr ? nullptr : asked_from->entry);
  if (found && found->document != nullptr) return add(*found->document, found->entry);
  // What is being generated may stand in no registry and yet name itself.
  const std::string_view url = canonical.substr(0, canonical.find('|'));
  for (const Definition* open : stack_) {
    if (open->url == url) return const_cast<Definition*>(open);
  }
  const auto made = made_.find(std::string(url));
  return made == made_.end() ? nullptr : made->second;
}

Definition* Store::find_or_make(std::string_view canonical, const Definition* asked_from) {
  Definition* found = find(canonical, asked_from);
  if (found != nullptr) return found;
  const std::string_view url = canonical.substr(0, canonical.find_first_of("|#"));
  return is_cross_version(url) ? made_up(url) : nullptr;
}

Definition* Store::type(std::string_view name) {
  if (name.find('/') != std::string_view::npos) return find(name, nullptr);
  return find(std::string(kTypes).append(name), nullptr);
}

Definition* Store::prepared(Definition* definition) {
  if (definition == nullptr || !prepare(*definition)) return nullptr;
  return definition->has_snapshot() ? definition : nullptr;
}

Result<void> Store::prepare(Definition& definition) {
  switch (definition.state) {
    case Definition::State::published:
      if (definition.has_snapshot()) return {};
      return generate(definition, false);
    case Definition::State::failed:
      return definition.error;
    default:
      return {};
  }
}

Result<void> Store::regenerate(Definition& definition, bool sort_differential) {
  definition.snapshot.clear();
  return generate(definition, sort_differential);
}

Result<void> Store::generate(Definition& definition, bool sort_differential) {
  const auto failed = [&](Error error) {
    definition.state = Definition::State::failed;
    definition.snapshot.clear();
    definition.error = std::move(error);
    return definition.error;
  };
  if (stack_.size() >= kDeepestChain) {
    // Not kept: from another starting point the chain is shorter.
    return make_error(ErrorCode::too_costly,
                      "more than " + std::to_string(kDeepestChain) +
                          " definitions need one another for their snapshots");
  }
  definition.state = Definition::State::generating;
  stack_.push_back(&definition);
  auto done = Run(*this, definition).generate(sort_differential);
  stack_.pop_back();
  if (!done) return failed(std::move(done).error());
  definition.state = Definition::State::generated;
  return {};
}

bool is_cross_version(std::string_view url) {
  constexpr std::string_view kStart = "http://hl7.org/fhir/";
  constexpr std::string_view kRest = "/StructureDefinition/extension-";
  if (!url.starts_with(kStart)) return false;
  url.remove_prefix(kStart.size());
  if (url.size() < 3 + kRest.size() || url[0] < '1' || url[0] > '9' || url[1] != '.' ||
      url[2] < '0' || url[2] > '9') {
    return false;
  }
  url.remove_prefix(3);
  return url.starts_with(kRest) && url.size() > kRest.size();
}

Definition* Store::made_up(std::string_view url) {
  const std::string_view element = url.substr(url.rfind("extension-") + 10);
  Document& document = documents_.emplace_back(scratch_.symbols());
  tree::Builder build(document);
  Node& root = build.root();
  const auto add_text = [&](Node& parent, std::string_view name, std::string_view value,
                            tree::Kind kind = tree::Kind::string) {
    if (Node* made = build.append(parent, build.symbol(name), kind)) build.set_copy(*made, value);
  };
  const auto add_object = [&](Node& parent, std::string_view name) -> Node& {
    return *build.append(parent, build.symbol(name));
  };
  build.set_type(root, build.symbol("StructureDefinition"));
  build.set_flag(root, tree::Flag::resource);
  add_text(root, "url", url);
  add_text(root, "version", url.substr(20, 3));
  add_text(root, "name", "CrossVersionExtension");
  add_text(root, "status", "unknown");
  add_text(root, "kind", "complex-type");
  add_text(root, "abstract", "false", tree::Kind::boolean);
  Node& context = add_object(root, "context");
  build.set_flag(context, tree::Flag::in_array);
  add_text(context, "type", "element");
  add_text(context, "expression", "Element");
  add_text(root, "type", "Extension");
  add_text(root, "baseDefinition", "http://hl7.org/fhir/StructureDefinition/Extension");
  add_text(root, "derivation", "constraint");
  Node& differential = add_object(root, "differential");
  Node& top = add_object(differential, "element");
  add_text(top, "id", "Extension");
  add_text(top, "path", "Extension");
  add_text(top, "short", std::string(element).append(" of FHIR ").append(url.substr(20, 3)));
  Node& fixed = add_object(differential, "element");
  add_text(fixed, "id", "Extension.url");
  add_text(fixed, "path", "Extension.url");
  add_text(fixed, "fixedUri", url);
  build.set_flag(top, tree::Flag::in_array);
  build.set_flag(fixed, tree::Flag::in_array);

  Definition* made = add(document);
  made->synthetic = true;
  made_.emplace(url, made);
  return made;
}

}  // namespace concord::snapshot
