// What BIDS calls the derivatives of an image, and its words for classes. Reference: Brain Imaging
// Data Structure 1.9, "Derivatives: imaging data types", and there "Common image-derived labels".
#pragma once

#include <gmmseg/class_table.h>

#include <string>
#include <string_view>
#include <vector>

namespace gmmseg {

// What the names start with: "sub-01_ses-2_T1w" gives "sub-01_ses-2", for the last word says what
// the image is, which its derivatives are not. A stem that is not of entities stays whole.
std::string BidsPrefix(const std::string& stem);

// Letters and digits, at least one: what can stand behind "label-".
bool IsBidsLabel(std::string_view text);
// What `name` has of them, which may be nothing; of a tissue that BIDS has a word for, that word:
// "grey matter" gives "GM".
std::string BidsLabelOf(const std::string& name);
// By class. All are numbers where a name would give nothing or two the same.
std::vector<std::string> BidsLabels(const ClassTable& classes);
// As each could be called by the number of classes that come back.
std::vector<std::string> PossibleBidsLabels(int index, const ClassNames& names);

// The number that BIDS has for a tissue of this label; 0, which is background, for none.
int BidsNumberOf(std::string_view label);

}  // namespace gmmseg
