// SPDX-License-Identifier: Apache-2.0
//
// IntrusiveList: a doubly linked list whose links live in its elements, so
// that linking allocates nothing and any element can leave in O(1).

#ifndef CRECHE_CORE_INTERNAL_INTRUSIVE_LIST_H_
#define CRECHE_CORE_INTERNAL_INTRUSIVE_LIST_H_

#include <cstddef>

namespace creche::internal {

// Base class of an element. `Tag` tells apart the lists an element can be in
// at the same time. An element is in at most one list per tag.
template <typename Tag>
class ListLink {
 public:
  ListLink() = default;
  ListLink(const ListLink&) = delete;
  ListLink& operator=(const ListLink&) = delete;

  bool is_linked() const { return next_ != nullptr; }

  void Unlink() {
    previous_->next_ = next_;
    next_->previous_ = previous_;
    next_ = nullptr;
  }

 private:
  template <typename T, typename U>
  friend class IntrusiveList;

  ListLink* next_ = nullptr;
  ListLink* previous_;  // While linked.
};

// Does not own its elements.
template <typename T, typename Tag>
class IntrusiveList {
  using Link = ListLink<Tag>;

 public:
  IntrusiveList() { head_.next_ = head_.previous_ = &head_; }

  bool empty() const { return head_.next_ == &head_; }

  T* front() const { return empty() ? nullptr : Element(head_.next_); }

  // The element after `element`, or nullptr at the end.
  T* after(const T* element) const {
    Link* next = static_cast<const Link*>(element)->next_;
    return next == &head_ ? nullptr : Element(next);
  }

  void PushBack(T* element) {
    Link* link = element;
    link->previous_ = head_.previous_;
    link->next_ = &head_;
    head_.previous_->next_ = link;
    head_.previous_ = link;
  }

 private:
  static T* Element(Link* link) { return static_cast<T*>(link); }

  Link head_;
};

}  // namespace creche::internal

#endif  // CRECHE_CORE_INTERNAL_INTRUSIVE_LIST_H_
