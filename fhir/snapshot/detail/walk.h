#pragma once
/// Walks the base's elements in order with a cursor in the differential.

#include <string>
#include <string_view>
#include <vector>

#include "fhir/snapshot/detail/run.h"

namespace concord::snapshot {

/// The heart of the generator. For each element of the base, what the differential says of the same
/// path decides: nothing (copied), one entry (merged), several or a slicing (the slicing element,
/// then the base's subtree once for each slice), the same by type for choices; and all of that
/// again where the base is sliced already. Where the differential goes deeper than the base lists
/// children, the walk goes into the type, its profile or the content reference.
class Walk {
 public:
  explicit Walk(Run& run) : run_(run), result_(run.derived.snapshot) {}

  /// The whole base against the whole differential.
  Result<void> all();

 private:
  using Index = std::ptrdiff_t;

  /// What is within sight; limits are the last index, inclusive.
  struct Scope {
    Index base_limit = -1;
    Index diff_limit = -1;
    bool within_type = false;      ///< paths are rewritten from `source_path` to `target_path`
    std::string_view source_path;  ///< of the element walked into, as the differential has it
    std::string_view target_path;  ///< as the result has it
    std::vector<std::string_view> redirected;  ///< content references gone through
    Definition* source = nullptr;     ///< whose elements the base's are, for content references
    bool sliced = false;              ///< this is one slice, or the slicing element itself
    const Element* slicer = nullptr;  ///< the element these slices are of
    std::string_view sliced_path;     ///< base slicing of this path is dealt with
    std::size_t slices = 0;           ///< how many, with `slicer`
  };
  struct Cursor {
    Definition* definition = nullptr;  ///< of `base`
    const List* base = nullptr;
    Index at = 0;           ///< in the base
    Index diff = 0;         ///< in the differential
    std::string_view root;  ///< path of the first element added; all others lie below
  };
  struct TypeSlice {
    Element* element;
    std::string type;  ///< empty: the slicing element
  };
  struct Place {  ///< the element in hand
    const Element& base;
    std::string_view path;  ///< of the base element, as the differential has it
    List& matches;          ///< what the differential says of it
  };

  Result<Element*> walk(const Scope& scope, Cursor& cursor, const Element* slicer);

  // The base is not sliced.
  Result<Element*> plain(const Scope& scope, Cursor& cursor, const Place& place,
                         const Element* slicer);
  Result<void> copy(const Scope& scope, Cursor& cursor, const Place& place);
  Result<Element*> merge(const Scope& scope, Cursor& cursor, const Place& place,
                         const Element* slicer);
  Result<void> merge_children(const Scope& scope, Cursor& cursor, const Place& place,
                              Element& made);
  Result<void> slice(const Scope& scope, Cursor& cursor, const Place& place);
  Result<void> slice_by_type(const Scope& scope, Cursor& cursor, const Place& place,
                             std::vector<TypeSlice>& slices);
  // The base is sliced.
  Result<void> copy_slices(const Scope& scope, Cursor& cursor, const Place& place);
  Result<void> merge_slices(const Scope& scope, Cursor& cursor, const Place& place);
  Result<void> new_slice(const Scope& scope, Cursor& cursor, const Place& place, Element& diff);
  Result<void> merge_type_slices(const Scope& scope, Cursor& cursor, const Place& place,
                                 std::vector<TypeSlice>& slices);

  // Steps of these.
  List matches_of(const Scope& scope, std::string_view path, Index from) const;
  bool goes_deeper(std::string_view path, Index from, Index limit, bool across_slices) const;
  bool by_type(const List& matches, std::string_view path, std::vector<TypeSlice>& slices);
  Result<void> check_type_slicing(const Scope& scope, const Place& place, const Slicing* slicing,
                                  std::vector<TypeSlice>& slices);
  Element& insert_type_slicing(const Place& place, Index at);
  Result<std::string> only_type(const Element& slice);
  Result<void> check_against_base_slicing(const Slicing& stated, const Slicing& base,
                                          const Place& place, bool choice);
  Result<Element*> template_of(const Place& place);
  Element* with_id(std::string_view id);
  Result<void> ensure_slicing(const Element& diff, Element& slicing);
  Result<void> into_reference(const Scope& scope, const Cursor& cursor, Element& made,
                              std::string_view path, Index from, Index to);
  Result<void> into_type(const Scope& scope, const Cursor& cursor, Definition& type,
                         const Element& made, std::string_view path, Index from, Index to,
                         bool keep_redirects);
  Result<void> copy_subtree(const Scope& scope, const Cursor& cursor, std::size_t from,
                            std::size_t to);
  Result<Definition*> single_type(const Element& made, const Place& place);

  Element& copied(const Scope& scope, const Element& from, const Element& base);
  Result<void> append(Cursor& cursor, Element& made);
  std::string_view source_path(const Scope& scope, std::string_view path);
  std::string_view target_path(const Scope& scope, std::string_view path);
  static bool has_children(const List& list, Index at);
  Element* diff_at(Index at) const;
  Index diff_size() const { return static_cast<Index>(run_.differential.size()); }
  Index diff_index(const Element* element) const;
  Index diff_end(Index at) const;  ///< last index of the element's subtree
  Index skip_below(Index from, std::string_view path) const;
  const Slicing* type_slicing(std::string_view rules);

  Run& run_;
  List& result_;
  std::size_t depth_ = 0;
};

}  // namespace concord::snapshot
