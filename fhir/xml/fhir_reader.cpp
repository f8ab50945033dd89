#include <new>
#include <vector>

#include "fhir/tree/name_set.h"
#include "fhir/xml/detail/names.h"
#include "fhir/xml/detail/tokeniser.h"
#include "fhir/xml/reader.h"

namespace concord::xml {
namespace {

using tree::Flag;
using tree::Kind;
using tree::Node;
using tree::Symbol;

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

/// Builds the tree of a FHIR resource.
class FhirEvents final : public detail::Events {
 public:
  explicit FhirEvents(tree::Document& document)
      : document_(document),
        build_(document),
        symbols_(build_),
        id_(build_.symbol("id")),
        url_(build_.symbol("url")),
        most_depth_(std::min(document.limits().max_depth, detail::kMostDepth)) {
    frames_.reserve(32);
  }

  void begin(const detail::Element& element) override {
    if (narrative_depth_ > 0) return begin_in_narrative(element);
    if (frames_.size() >= most_depth_) {
      return refuse(ErrorCode::too_long,
                    "nested deeper than " + std::to_string(most_depth_) + " levels",
                    element.offset);
    }
    if (element.name_space != detail::kFhirNamespace) {
      if (element.name == "div" && element.name_space == detail::kXhtmlNamespace &&
          !frames_.empty()) {
        return begin_narrative(element);
      }
      return refuse(ErrorCode::invalid, "an element outside the namespace http://hl7.org/fhir",
                    element.offset);
    }
    if (frames_.empty()) {
      if (!is_upper(element.name.front())) {
        return refuse(ErrorCode::invalid, "the outermost element is no resource", element.offset);
      }
      return begin_resource(build_.root(), element);
    }
    Frame& frame = frames_.back();
    if (frame.holds_resource) {
      return refuse(ErrorCode::invalid, "more than one resource in an element", element.offset);
    }
    if (is_upper(element.name.front())) {
      if (!detail::holds_resource(document_.name(*frame.node)) || frame.is_resource ||
          frame.node->has_value() || frame.node->first_child() != nullptr) {
        return refuse(ErrorCode::invalid, "a resource where none may stand", element.offset);
      }
      frame.holds_resource = true;
      return begin_resource(*frame.node, element);
    }
    Node* node = append(frame, symbols_.of(element.name), element.offset);
    if (node == nullptr || !read_attributes(*node, element)) return;
    frames_.push_back({node, names_.open(), Symbol::kNone, false, false});
  }

  void end(std::size_t offset) override {
    if (narrative_depth_ > 0) {
      if (--narrative_depth_ == 0) {
        build_.set_text(*narrative_,
                        document_.source().substr(narrative_->source_offset(),
                                                  offset - narrative_->source_offset()));
      }
      return;
    }
    Frame& frame = frames_.back();
    const Node& node = *frame.node;
    if (!node.has_value() && node.first_child() == nullptr && !node.is(Flag::resource)) {
      return refuse(ErrorCode::invalid, "an element without content", node.source_offset());
    }
    names_.close(frame.names);
    frames_.pop_back();
  }

  void text(const detail::Text& run, std::size_t offset) override {
    if (narrative_depth_ > 0 || run.text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
      return;
    }
    refuse(ErrorCode::invalid, "text between elements", offset);
  }

  void cdata(const detail::Text&, std::size_t offset) override {
    if (narrative_depth_ == 0) refuse(ErrorCode::invalid, "a CDATA section", offset);
  }

 private:
  struct Frame {
    Node* node;
    tree::NameSet::Mark names;
    Symbol last_name;     ///< of its last child
    bool is_resource;     ///< the element named like the resource
    bool holds_resource;  ///< the element around it, once it has one
  };

  void begin_resource(Node& node, const detail::Element& element) {
    if (!element.attributes.empty()) {
      return refuse(ErrorCode::invalid, "an attribute on a resource", element.offset);
    }
    const Symbol type = symbols_.of(element.name);
    if (type == Symbol::kNone) return out_of_names(element.offset);
    build_.set_type(node, type);
    build_.set_flag(node, Flag::resource);
    if (frames_.empty()) build_.set_offset(node, element.offset);
    frames_.push_back({&node, names_.open(), Symbol::kNone, true, false});
  }

  void begin_narrative(const detail::Element& element) {
    // Its text must stand for itself wherever it goes.
    if (element.has_prefix || !element.declares_namespace) {
      return refuse(ErrorCode::unsupported, "a narrative that does not declare its own namespace",
                    element.offset);
    }
    if (!narrative_attributes_are_plain(element)) return;
    Frame& frame = frames_.back();
    if (frame.holds_resource) {
      return refuse(ErrorCode::invalid, "more than one resource in an element", element.offset);
    }
    narrative_ = append(frame, symbols_.of(element.name), element.offset);
    if (narrative_ == nullptr) return;
    build_.set_kind(*narrative_, Kind::string);
    narrative_depth_ = 1;
  }

  void begin_in_narrative(const detail::Element& element) {
    if (element.name_space != detail::kXhtmlNamespace || element.has_prefix) {
      return refuse(ErrorCode::invalid, "an element outside XHTML in a narrative", element.offset);
    }
    if (frames_.size() + narrative_depth_ >= detail::kMostDepth) {
      return refuse(ErrorCode::too_long,
                    "nested deeper than " + std::to_string(detail::kMostDepth) + " levels",
                    element.offset);
    }
    if (!narrative_attributes_are_plain(element)) return;
    ++narrative_depth_;
  }

  bool narrative_attributes_are_plain(const detail::Element& element) {
    for (const detail::Attribute& attribute : element.attributes) {
      if (!attribute.name_space.empty() && attribute.name_space != detail::kXmlNamespace) {
        refuse(ErrorCode::invalid, "an attribute outside XHTML in a narrative", element.offset);
        return false;
      }
    }
    return true;
  }

  Node* append(Frame& frame, Symbol name, std::size_t offset) {
    if (name == Symbol::kNone) return out_of_names(offset), nullptr;
    if (name != frame.last_name) {
      if (!names_.add(frame.names, tree::number(name))) {
        refuse(ErrorCode::invalid, "repeats of an element that do not stand side by side", offset);
        return nullptr;
      }
      frame.last_name = name;
    }
    Node* node = build_.append(*frame.node, name);
    if (node == nullptr) return too_many(offset), nullptr;
    build_.set_offset(*node, offset);
    return node;
  }

  /// `value` is the value, `id` and (of extensions) `url` are children; nothing else is FHIR's.
  bool read_attributes(Node& node, const detail::Element& element) {
    const detail::Attribute* id = nullptr;
    const detail::Attribute* url = nullptr;
    for (const detail::Attribute& attribute : element.attributes) {
      if (attribute.name_space.empty() && attribute.name == "value") {
        build_.set_kind(node, Kind::string);
        build_.set_text(node, lasting(attribute.value));
      } else if (attribute.name_space.empty() && attribute.name == "id") {
        id = &attribute;
      } else if (attribute.name_space.empty() && attribute.name == "url" &&
                 detail::is_extension(element.name)) {
        url = &attribute;
      } else {
        refuse(ErrorCode::invalid, "an attribute FHIR does not have", element.offset, &node);
        return false;
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

  std::string_view lasting(const detail::Text& text) {
    return text.in_source ? text.text : document_.arena().copy(text.text);
  }

  void refuse(ErrorCode code, std::string why, std::size_t offset, const Node* node = nullptr) {
    if (node == nullptr && !frames_.empty()) node = frames_.back().node;
    stop(make_error(code, std::move(why), node == nullptr ? std::string() : document_.path(*node),
                    document_.position(offset)));
  }
  void too_many(std::size_t offset) {
    refuse(ErrorCode::too_long,
           "more than " + std::to_string(document_.limits().max_nodes) + " elements", offset);
  }
  void out_of_names(std::size_t offset) {
    refuse(ErrorCode::too_long, "more than 32,768 different names nobody knows", offset);
  }

  tree::Document& document_;
  tree::Builder build_;
  detail::SymbolCache symbols_;
  tree::NameSet names_;
  Symbol id_;
  Symbol url_;
  std::size_t most_depth_;
  std::vector<Frame> frames_;
  Node* narrative_ = nullptr;
  std::size_t narrative_depth_ = 0;  ///< open elements of the narrative at hand
};

}  // namespace

Result<tree::Document> read_fhir(std::string source, const tree::Symbols& symbols,
                                 const tree::Limits& limits) {
  try {
    CONCORD_TRY(detail::check_before_parsing(source, limits));
    tree::Document document(symbols, limits);
    document.set_source(std::move(source));
    FhirEvents events(document);
    CONCORD_TRY(detail::tokenise(document.source(), events));
    return document;
  } catch (const std::bad_alloc&) {
    return make_error(ErrorCode::transient, "no memory to read the message");
  }
}

}  // namespace concord::xml
