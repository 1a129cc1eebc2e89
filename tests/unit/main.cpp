// Both, for the precompiled headers hold doctest already, which makes the first of the second otherwise.
#define DOCTEST_CONFIG_IMPLEMENT
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
