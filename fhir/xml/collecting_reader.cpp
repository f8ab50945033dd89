#include <algorithm>
#include <new>
#include <optional>
#include <unordered_map>
#include <vector>

#include "fhir/tree/name_set.h"
#include "fhir/xml/detail/names.h"
#include "fhir/xml/detail/narrative_text.h"
#include "fhir/xml/detail/tokeniser.h"
#include "fhir/xml/reader.h"

namespace concord::xml {
namespace {

using tree::Flag;
using tree::Kind;
using tree::Node;
using tree::Symbol;

constexpr std::string_view kNotXml = "Error_parsing_XML_";
constexpr std::string_view kUndefinedElement = "Undefined_element_";
constexpr std::string_view kUndefinedAttribute = "Undefined_attribute__on__for_type__properties__";

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_white(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

/// Builds the tree of a FHIR resource and goes on after whatever only FHIR forbids.
class CollectingEvents final : public detail::Events {
 public:
  explicit CollectingEvents(tree::Document& document)
      : document_(document),
        build_(document),
        symbols_(build_),
        id_(build_.symbol("id")),
        url_(build_.symbol("url")),
        most_depth_(std::min(document.limits().max_depth, detail::kMostDepth)) {
    frames_.reserve(32);
  }

  tree::SyntaxFindings& findings() noexcept { return findings_; }

  void begin(const detail::Element& element) override {
    if (narrative_depth_ > 0) return begin_in_narrative(element);
    if (skipped_ > 0) return deeper(skipped_, element.offset);
    if (frames_.empty()) return begin_root(element);
    end_run();
    if (frames_.size() >= most_depth_) return too_deep(element.offset);
    Frame& frame = frames_.back();
    frame.has_elements = true;
    if (frame.holds_resource) {
      report(kUndefinedElement, "structure",
             "'" + std::string(element.name) + "' beside the resource of its element",
             element.offset, *frame.node, element.name);
      return deeper(skipped_, element.offset);
    }
    if (element.name == "div") return begin_narrative(element);
    if (is_upper(element.name.front()) && detail::holds_resource(document_.name(*frame.node)) &&
        !frame.is_resource) {
      return begin_inner_resource(frame, element);
    }
    Node* node = append(frame, symbols_.of(element.name), element.offset);
    if (node == nullptr) return;
    check_namespace(*node, element);
    Frame inner = frame_of(*node, element);
    if (read_attributes(*node, element)) frames_.push_back(std::move(inner));
  }

  void end(std::size_t offset) override {
    if (narrative_depth_ > 0) return end_in_narrative(offset);
    if (skipped_ > 0) {
      --skipped_;
      return;
    }
    end_run();
    Frame& frame = frames_.back();
    if (!frame.has_attributes && !frame.has_text && !frame.has_elements) {
      report("Element_must_have_some_content", "invalid", "an element without content",
             frame.offset, *frame.node, {});
    }
    names_.close(frame.names);
    if (frame.last_slot >= 0) last_of_.pop_back();
    frames_.pop_back();
  }

  void text(const detail::Text& run, std::size_t offset) override {
    if (narrative_depth_ > 0) return narrative_.value().text(run.text);
    add_to_run(run.text, offset, false);
  }
  void cdata(const detail::Text& run, std::size_t offset) override {
    if (narrative_depth_ > 0) return narrative_.value().text(run.text);
    add_to_run(run.text, offset, true);
  }

  bool instruction(std::size_t offset) override {
    if (frames_.empty()) {
      report("No_processing_instructions_allowed_in_resources", "invalid",
             "a processing instruction beside the resource", offset, build_.root(), {});
    } else if (narrative_depth_ == 0) {
      report("Node_type__is_not_allowed", "structure", "a processing instruction", offset,
             *frames_.back().node, {});
    } else {
      report("Node_type__is_not_allowed", "structure", "a processing instruction in a narrative",
             offset, *frames_.back().node, "div");
    }
    return true;
  }

  void report(std::string_view id, std::string_view type, std::string text, std::size_t offset,
              const Node& owner, std::string_view member, std::string_view stated = {}) {
    tree::SyntaxFinding finding;
    finding.message_id = id;
    finding.issue_type = type;
    finding.text = std::move(text);
    finding.offset = offset;
    finding.owner = &owner;
    finding.member = member;
    finding.stated = stated.substr(0, 100);
    // Only as many paths are made as are kept.
    if (!findings_.full()) finding.path = document_.path(owner);
    findings_.add(std::move(finding));
  }

 private:
  struct Frame {
    Node* node;
    tree::NameSet::Mark names;
    std::size_t offset;
    Symbol last_name = Symbol::kNone;  ///< of its last child
    int last_slot = -1;                ///< in last_of_, once repeats stood apart
    bool is_resource = false;          ///< the element named like the resource
    bool holds_resource = false;       ///< the element around it, once it has one
    bool has_attributes = false;
    bool has_text = false;
    bool has_elements = false;
  };

  Frame frame_of(Node& node, const detail::Element& element) {
    Frame frame{};
    frame.node = &node;
    frame.names = names_.open();
    frame.offset = element.offset;
    frame.has_attributes = !element.attributes.empty();
    return frame;
  }

  // ---- elements ----

  void begin_root(const detail::Element& element) {
    if (most_depth_ == 0) return too_deep(element.offset);
    if (element.name_space != detail::kFhirNamespace || !is_upper(element.name.front())) {
      return fatal("This_does_not_appear_to_be_a_FHIR_resource_unknown_namespacename_", "structure",
                   "the outermost element '" + std::string(element.name.substr(0, 100)) +
                       "' is no resource in the namespace http://hl7.org/fhir",
                   element.offset);
    }
    build_.set_offset(build_.root(), element.offset);
    begin_resource(build_.root(), element);
  }

  void begin_inner_resource(Frame& frame, const detail::Element& element) {
    Node& node = *frame.node;
    frame.holds_resource = true;
    // What stood before it, attributes and elements, has no place beside a resource.
    while (const Node* child = node.first_child()) {
      report(
          child->source_offset() == node.source_offset() ? kUndefinedAttribute : kUndefinedElement,
          "structure", "'" + std::string(document_.name(*child)) + "' beside a resource",
          child->source_offset(), node, document_.name(*child));
      Node gone;
      build_.move_children(node, gone);
    }
    if (node.has_value()) {
      report(kUndefinedAttribute, "structure", "a value on the element around a resource",
             node.source_offset(), node, "@value");
      build_.clear_text(node);
      build_.set_kind(node, Kind::element);
    }
    check_namespace(node, element);
    begin_resource(node, element);
  }

  void begin_resource(Node& node, const detail::Element& element) {
    const Symbol type = symbols_.of(element.name);
    if (type == Symbol::kNone) return out_of_names(element.offset);
    build_.set_type(node, type);
    build_.set_flag(node, Flag::resource);
    for (const detail::Attribute& attribute : element.attributes) {
      undefined_attribute(node, attribute, element);
    }
    Frame frame = frame_of(node, element);
    frame.is_resource = true;
    frames_.push_back(std::move(frame));
  }

  void check_namespace(const Node& node, const detail::Element& element) {
    if (element.name_space == detail::kFhirNamespace) return;
    report("Wrong_namespace__expected_", "invalid",
           "'" + std::string(element.name.substr(0, 100)) +
               "' is not in the namespace http://hl7.org/fhir",
           element.offset, node, {});
  }

  /// Below the last node of the same name, wherever that is.
  Node* append(Frame& frame, Symbol name, std::size_t offset) {
    if (name == Symbol::kNone) return out_of_names(offset), nullptr;
    Node* node = nullptr;
    if (name == frame.last_name || names_.add(frame.names, tree::number(name))) {
      node = build_.append(*frame.node, name);
    } else {
      if (frame.last_slot < 0) note_last_nodes(frame);
      node = build_.insert_after(*frame.node, last_of_.back()[tree::number(name)], name);
    }
    if (node == nullptr) return too_many(offset), nullptr;
    if (frame.last_slot >= 0) {
      last_of_.back()[tree::number(name)] = node;
    }
    // After an insertion the last name of the text is not that of the last node.
    frame.last_name = node->next_sibling() == nullptr ? name : Symbol::kNone;
    build_.set_offset(*node, offset);
    return node;
  }

  void note_last_nodes(Frame& frame) {
    frame.last_slot = static_cast<int>(last_of_.size());
    auto& last = last_of_.emplace_back();
    for (const Node& child : frame.node->children()) {
      last[tree::number(child.name())] = const_cast<Node*>(&child);
    }
  }

  // ---- attributes ----

  /// `value` is the value, `id` and (of extensions) `url` are children; nothing else is FHIR's.
  bool read_attributes(Node& node, const detail::Element& element) {
    const detail::Attribute* id = nullptr;
    const detail::Attribute* url = nullptr;
    for (const detail::Attribute& attribute : element.attributes) {
      const bool plain = attribute.name_space.empty();
      if (plain && attribute.name == "value") {
        build_.set_kind(node, Kind::string);
        build_.set_text(node, lasting(attribute.value));
      } else if (plain && attribute.name == "id") {
        id = &attribute;
      } else if (plain && attribute.name == "url" && detail::is_extension(element.name)) {
        url = &attribute;
      } else {
        undefined_attribute(node, attribute, element);
      }
    }
    return (id == nullptr || append_value(node, id_, *id, element.offset)) &&
           (url == nullptr || append_value(node, url_, *url, element.offset));
  }

  bool append_value(Node& node, Symbol name, const detail::Attribute& attribute,
                    std::size_t offset) {
    Node* child = build_.append(node, name, Kind::string);
    if (child == nullptr) return too_many(offset), false;
    build_.set_text(*child, lasting(attribute.value));
    build_.set_offset(*child, offset);
    return true;
  }

  void undefined_attribute(const Node& node, const detail::Attribute& attribute,
                           const detail::Element& element) {
    std::string name = "@";
    if (attribute.name_space == detail::kXsiNamespace) name += "xsi:";
    if (attribute.name_space == detail::kXmlNamespace) name += "xml:";
    name += attribute.name.substr(0, 100);
    report(
        kUndefinedAttribute, "structure",
        "undefined attribute '" + name + "' on '" + std::string(element.name.substr(0, 100)) + "'",
        element.offset, node, name);
    if (name == "@xsi:type") {
      report("XSI_TYPE_WRONG", "invalid", "xsi:type says another type than the definition",
             element.offset, node, name, attribute.value.text);
    }
  }

  // ---- text ----

  void add_to_run(std::string_view piece, std::size_t offset, bool cdata) {
    if (frames_.empty() || skipped_ > 0 || is_white(piece)) return;
    if (!run_at_) {
      // libxml2 stands behind what it reports.
      run_at_ = offset >= piece.size() ? offset - piece.size() : 0;
      run_is_cdata_ = cdata;
    }
    run_is_cdata_ = run_is_cdata_ && cdata;
  }

  void end_run() {
    if (!run_at_) return;
    const std::size_t offset = *run_at_;
    run_at_.reset();
    Frame& frame = frames_.back();
    frame.has_text = true;
    if (run_is_cdata_) {
      report("CDATA_is_not_allowed", "structure", "a CDATA section", offset, *frame.node, {});
    } else {
      report("Text_should_not_be_present", "structure", "text between elements", offset,
             *frame.node, {});
    }
  }

  // ---- narrative ----

  void begin_narrative(const detail::Element& element) {
    Node* node = append(frames_.back(), symbols_.of(element.name), element.offset);
    if (node == nullptr) return;
    build_.set_kind(*node, Kind::string);
    narrative_node_ = node;
    narrative_depth_ = 1;
    narrative_.emplace(document_.limits().max_bytes);
    narrative_->begin(element);
  }

  void begin_in_narrative(const detail::Element& element) {
    narrative_->begin(element);
    deeper(narrative_depth_, element.offset);
  }

  void end_in_narrative(std::size_t offset) {
    narrative_->end();
    if (--narrative_depth_ > 0) return;
    const std::size_t begin = narrative_node_->source_offset();
    if (narrative_->source_stands_alone()) {
      build_.set_text(*narrative_node_, document_.source().substr(begin, offset - begin));
    } else if (narrative_->over_limit()) {
      fatal(kNotXml, "too-long", "a narrative longer than the document may be", begin);
    } else {
      build_.set_copy(*narrative_node_, narrative_->take());
    }
    narrative_.reset();
  }

  // ---- limits ----

  /// One level further into what has no nodes of its own.
  void deeper(std::size_t& levels, std::size_t offset) {
    if (frames_.size() + ++levels >= detail::kMostDepth) too_deep(offset);
  }

  std::string_view lasting(const detail::Text& text) {
    return text.in_source ? text.text : document_.arena().copy(text.text);
  }

  void fatal(std::string_view id, std::string_view type, std::string text, std::size_t offset) {
    tree::SyntaxFinding finding;
    finding.severity = Severity::fatal;
    finding.message_id = id;
    finding.issue_type = type;
    finding.text = std::move(text);
    finding.offset = offset;
    if (!frames_.empty()) finding.path = document_.path(*frames_.back().node);
    findings_.add(std::move(finding));
    stop(Error{});
  }
  void too_many(std::size_t offset) {
    fatal(kNotXml, "too-long",
          "more than " + std::to_string(document_.limits().max_nodes) + " elements", offset);
  }
  void too_deep(std::size_t offset) {
    fatal(kNotXml, "too-long",
          "nested deeper than " +
              std::to_string(narrative_depth_ + skipped_ > 0 ? detail::kMostDepth : most_depth_) +
              " levels",
          offset);
  }
  void out_of_names(std::size_t offset) {
    fatal(kNotXml, "too-long", "more than 32,768 different names nobody knows", offset);
  }

  tree::Document& document_;
  tree::Builder build_;
  detail::SymbolCache symbols_;
  tree::NameSet names_;
  tree::SyntaxFindings findings_;
  Symbol id_;
  Symbol url_;
  std::size_t most_depth_;
  std::vector<Frame> frames_;
  std::vector<std::unordered_map<std::uint16_t, Node*>> last_of_;
  std::optional<detail::NarrativeText> narrative_;
  Node* narrative_node_ = nullptr;
  std::size_t narrative_depth_ = 0;    ///< open elements of the narrative at hand
  std::size_t skipped_ = 0;            ///< open elements of what is left out
  std::optional<std::size_t> run_at_;  ///< where text that is no white space began
  bool run_is_cdata_ = false;
};

/// A reader's error as the one finding of a text that could not be read.
tree::SyntaxFinding fatal(const Error& error) {
  tree::SyntaxFinding finding;
  finding.severity = Severity::fatal;
  finding.message_id = kNotXml;
  finding.issue_type = error.code == ErrorCode::malformed ? std::string_view("invalid")
                                                          : error_row(error.code).issue_type;
  if (!error.issues.empty()) {
    finding.text = error.issues.front().text;
    finding.position = error.issues.front().position;
  }
  if (finding.text.starts_with("another encoding")) finding.message_id = "xml_encoding_invalid";
  return finding;
}

tree::Reading only(const Error& error) { return {std::nullopt, {fatal(error)}}; }

tree::Reading read_all(std::string source, const tree::Symbols& symbols,
                       const tree::Limits& limits) {
  detail::PrologOddities prolog;
  if (auto checked = detail::check_before_parsing(source, limits, &prolog); !checked) {
    return only(checked.error());
  }
  tree::Document document(symbols, limits);
  document.set_source(std::move(source));
  CollectingEvents events(document);
  if (prolog.other_encoding) {
    events.report("xml_encoding_invalid", "invalid", "the encoding declared is not UTF-8",
                  *prolog.other_encoding, document.root(), {});
  }
  if (auto done = detail::tokenise(document.source(), events); !done) {
    // What an event stopped at is told already; what libxml2 stopped at is all there is to say.
    if (!done.error().issues.empty()) return only(done.error());
    return {std::nullopt, events.findings().finish(document.source())};
  }
  for (tree::SyntaxFinding& made : events.findings().kept()) {
    if (made.path.empty()) made.path = document.path(document.root());
  }
  auto findings = events.findings().finish(document.source());
  return {std::move(document), std::move(findings)};
}

}  // namespace

tree::Reading read_fhir_collecting(std::string source, const tree::Symbols& symbols,
                                   const tree::Limits& limits) {
  try {
    return read_all(std::move(source), symbols, limits);
  } catch (const std::bad_alloc&) {
    return only(make_error(ErrorCode::transient, "no memory to read the message"));
  }
}

}  // namespace concord::xml
