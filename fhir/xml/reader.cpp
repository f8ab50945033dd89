#include "fhir/xml/reader.h"

#include <new>
#include <vector>

#include "fhir/xml/detail/names.h"
#include "fhir/xml/detail/tokeniser.h"

namespace concord::xml {
namespace {

using tree::Flag;
using tree::Kind;
using tree::Node;
using tree::Symbol;

bool is_white(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

/// Builds the tree of any XML below one node.
class FreeEvents final : public detail::Events {
 public:
  struct Target {
    Node* parent;     ///< null: the element becomes the root of the document
    bool has_source;  ///< the document owns the source: offsets are kept, texts may be views
    WhiteSpace white_space;
  };

  FreeEvents(tree::Builder& build, std::string_view source, Target target)
      : build_(build),
        source_(source),
        target_(target),
        symbols_(build),
        most_depth_(std::min(build.document().limits().max_depth, detail::kMostDepth)) {
    frames_.reserve(32);
  }

  Node* top() const { return top_; }

  void begin(const detail::Element& element) override {
    Node* node = nullptr;
    Symbol outer = Symbol::kNone;
    if (frames_.size() >= most_depth_) return too_deep(element.offset);
    const Symbol name = symbols_.of(element.name);
    const Symbol space = symbols_.of(element.name_space);
    if (name == Symbol::kNone || (space == Symbol::kNone && !element.name_space.empty())) {
      return out_of_names(element.offset);
    }
    if (!frames_.empty()) {
      Frame& frame = frames_.back();
      outer = frame.node->xml_namespace();
      if (space == Symbol::kNone && outer != Symbol::kNone) {
        return refuse(ErrorCode::unsupported,
                      "an element without namespace inside an element with one", element.offset);
      }
      if (!keep_run(frame)) return too_many(element.offset);
      frame.has_elements = true;
      node = build_.append(*frame.node, name);
    } else if (target_.parent != nullptr) {
      node = build_.append(*target_.parent, name);
    } else {
      node = &build_.root();
      build_.set_name(*node, name);
    }
    if (node == nullptr) return too_many(element.offset);
    if (top_ == nullptr) top_ = node;
    build_.set_namespace(*node, space);
    if (target_.has_source) build_.set_offset(*node, element.offset);
    for (const detail::Attribute& attribute : element.attributes) {
      if (!append_attribute(*node, attribute, element.offset)) return;
    }
    frames_.push_back({node, pending_.size(), false, false});
  }

  void end(std::size_t offset) override {
    Frame& frame = frames_.back();
    if (frame.has_elements) {
      if (!keep_run(frame)) return too_many(offset);
    } else if (has_run_) {
      const std::string_view run = take_run();
      if (target_.white_space == WhiteSpace::keep || !is_white(run)) {
        build_.set_text(*frame.node, run);
      }
    }
    pending_.resize(frame.pending);
    frames_.pop_back();
  }

  void text(const detail::Text& piece, std::size_t) override { add_to_run(piece); }
  void cdata(const detail::Text& piece, std::size_t) override { add_to_run(piece); }

 private:
  struct Frame {
    Node* node;
    std::size_t pending;  ///< where its runs of white space begin in pending_
    bool has_elements;
    bool mixed;  ///< has text between elements that is not white space
  };
  /// White space between elements: kept only if other text turns up in the same element.
  struct Pending {
    Node* before;  ///< the child it follows, or null
    std::string_view text;
  };

  bool append_attribute(Node& node, const detail::Attribute& attribute, std::size_t offset) {
    const Symbol name = symbols_.of(attribute.name);
    const Symbol space = symbols_.of(attribute.name_space);
    if (name == Symbol::kNone || (space == Symbol::kNone && !attribute.name_space.empty())) {
      return out_of_names(offset), false;
    }
    Node* child = build_.append(node, name, Kind::string);
    if (child == nullptr) return too_many(offset), false;
    build_.set_flag(*child, Flag::attribute);
    build_.set_namespace(*child, space);
    build_.set_text(*child, lasting(attribute.value));
    if (target_.has_source) {
      build_.set_offset(*child,
                        attribute.value.in_source ? offset_of(attribute.value.text) : offset);
    }
    return true;
  }

  std::size_t offset_of(std::string_view view) const {
    return static_cast<std::size_t>(view.data() - source_.data());
  }

  std::string_view lasting(const detail::Text& text) {
    return text.in_source && target_.has_source ? text.text
                                                : build_.document().arena().copy(text.text);
  }

  void add_to_run(const detail::Text& piece) {
    if (!has_run_) {
      has_run_ = true;
      run_in_pieces_ = false;
      run_ = lasting(piece);
      return;
    }
    if (!run_in_pieces_) {
      if (piece.in_source && run_.data() + run_.size() == piece.text.data()) {
        run_ = {run_.data(), run_.size() + piece.text.size()};
        return;
      }
      run_in_pieces_ = true;
      pieces_.assign(run_);
    }
    pieces_.append(piece.text);
  }

  std::string_view take_run() {
    has_run_ = false;
    return run_in_pieces_ ? build_.document().arena().copy(pieces_) : run_;
  }

  /// Puts the run of text before a child or the end of an element with children where it belongs.
  bool keep_run(Frame& frame) {
    if (!has_run_) return true;
    const std::string_view run = take_run();
    Node* last = const_cast<Node*>(frame.node->last_child());
    if (!frame.mixed && is_white(run)) {
      pending_.push_back({last, run});
      return true;
    }
    if (!frame.mixed) {
      frame.mixed = true;
      for (std::size_t i = frame.pending; i < pending_.size(); ++i) {
        if (!add_text(frame, pending_[i].before, pending_[i].text)) return false;
      }
      pending_.resize(frame.pending);
    }
    return add_text(frame, const_cast<Node*>(frame.node->last_child()), run);
  }

  bool add_text(Frame& frame, Node* before, std::string_view run) {
    Node* node = build_.insert_after(*frame.node, before, Symbol::kNone, Kind::text);
    if (node == nullptr) return false;
    build_.set_text(*node, run);
    if (target_.has_source && run.data() >= source_.data() &&
        run.data() < source_.data() + source_.size()) {
      build_.set_offset(*node, offset_of(run));
    }
    return true;
  }

  void refuse(ErrorCode code, std::string why, std::size_t offset) {
    std::string path;
    if (!frames_.empty()) path = build_.document().path(*frames_.back().node);
    stop(make_error(code, std::move(why), std::move(path), tree::position_in(source_, offset)));
  }
  void too_many(std::size_t offset) {
    refuse(ErrorCode::too_long,
           "more than " + std::to_string(build_.document().limits().max_nodes) + " elements",
           offset);
  }
  void too_deep(std::size_t offset) {
    refuse(ErrorCode::too_long, "nested deeper than " + std::to_string(most_depth_) + " levels",
           offset);
  }
  void out_of_names(std::size_t offset) {
    refuse(ErrorCode::too_long, "more than 32,768 different names nobody knows", offset);
  }

  tree::Builder& build_;
  std::string_view source_;
  Target target_;
  detail::SymbolCache symbols_;
  std::size_t most_depth_;
  std::vector<Frame> frames_;
  std::vector<Pending> pending_;
  Node* top_ = nullptr;
  bool has_run_ = false;
  bool run_in_pieces_ = false;
  std::string_view run_;
  std::string pieces_;
};

Error no_memory() { return make_error(ErrorCode::transient, "no memory to read the message"); }

}  // namespace

Result<tree::Document> read(std::string source, const tree::Symbols& symbols,
                            const tree::Limits& limits) {
  try {
    CONCORD_TRY(detail::check_before_parsing(source, limits));
    tree::Document document(symbols, limits);
    document.set_source(std::move(source));
    tree::Builder build(document);
    FreeEvents events(build, document.source(), {nullptr, true, WhiteSpace::keep});
    CONCORD_TRY(detail::tokenise(document.source(), events));
    return document;
  } catch (const std::bad_alloc&) {
    return no_memory();
  }
}

Result<tree::Node*> read_fragment_into(tree::Builder& builder, tree::Node& parent,
                                       std::string_view xml, WhiteSpace white_space) {
  try {
    CONCORD_TRY(detail::check_before_parsing(xml, builder.document().limits()));
    const std::string source(xml);  // followed by the zero byte the tokeniser needs
    FreeEvents events(builder, source, {&parent, false, white_space});
    if (auto done = detail::tokenise(source, events); !done) {
      if (events.top() != nullptr) builder.detach(*events.top());
      return std::move(done).error();
    }
    return events.top();
  } catch (const std::bad_alloc&) {
    return no_memory();
  }
}

}  // namespace concord::xml
