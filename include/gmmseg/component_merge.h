// Which components of a mixture make one class together.
#pragma once

#include <gmmseg/gaussian_mixture.h>
#include <gmmseg/posterior.h>
#include <gmmseg/samples.h>

#include <array>
#include <functional>
#include <optional>
#include <vector>

namespace gmmseg {

// A mixture read as so many classes.
struct ClassLevel {
  int num_classes = 0;
  // The two that became one here, each by its component of lowest place, from 0, the lower one
  // first; nothing where each component is a class.
  std::optional<std::array<int, 2>> merged;
  double entropy =
      0;  // of the classes' posteriors: the mean of −Σ p ln p over the samples, by weight

  bool operator==(const ClassLevel&) const = default;
};

inline constexpr int kMostMerged = 1024;  // components: pairs of them are held in memory

// Default: each component is a class, and nothing is known of others.
struct ComponentMerge {
  std::vector<int> class_of;       // per component: its class, from 0; empty: each is its own
  std::vector<ClassLevel> levels;  // K, K−1, …, 1 classes

  int ClassOf(int component) const { return class_of.empty() ? component : class_of[component]; }
  bool operator==(const ComponentMerge&) const = default;
};

// Merges again and again the two classes whose union lowers the entropy of the posteriors most, so
// that overlapping components, which together model one cluster that is no Gaussian, become one
// class; at first each component is one. class_of is the level of num_classes (of all components
// where they are fewer), numbered by ascending mean of the first feature. The entropies are those
// of at most 2²¹ / K of the samples, evenly spaced. Cost: their posteriors, and K numbers for each
// of the K levels. Throws ParameterError where num_classes is less than 1 or there are more than
// kMostMerged components, and as VisitPosteriors
// does. Reference: Baudry, Raftery, Celeux, Lo and Gottardo 2010, section 3.
ComponentMerge MergeComponents(const Samples& samples, const GaussianMixture& model,
                               int num_classes);

// A visitor of components' posteriors that passes those of classes on: P(class | x) is the sum over
// the components of the class. `class_of` must outlive it.
PosteriorVisitor OfClasses(const std::vector<int>& class_of, const PosteriorVisitor& visit);

// As VisitPosteriors, of classes in place of components.
void VisitClassPosteriors(const Samples& samples, const GaussianMixture& model,
                          const std::vector<int>& class_of, const PosteriorVisitor& visit);

}  // namespace gmmseg
