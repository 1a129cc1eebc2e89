// The page's template, put together at build time from render/page.
#pragma once

namespace gmmseg {

extern const char kPageTemplate[];

}  // namespace gmmseg
