# Puts the page together and makes a C++ string of it:
#   cmake -D PAGE=report.html -D "STYLES=a.css;b.css" -D "SCRIPTS=a.js;b.js" -D OUTPUT=page.cpp \
#         -P embed.cmake
# Compilers limit the length of one literal; long texts are several, one after another.
file(READ ${PAGE} page)
set(style "")
foreach(file IN LISTS STYLES)
  file(READ ${file} part)
  string(APPEND style "${part}")
endforeach()
set(scripts "")
foreach(file IN LISTS SCRIPTS)
  file(READ ${file} script)
  string(APPEND scripts "${script}")
endforeach()
string(REPLACE "<!--STYLE-->" "<style>\n${style}</style>" page "${page}")
string(REPLACE "<!--SCRIPTS-->" "<script>\n${scripts}</script>" page "${page}")

set(text "#include \"render/page.h\"\n\nnamespace gmmseg {\n\nconst char kPageTemplate[] =\n")
string(LENGTH "${page}" length)
set(place 0)
while(place LESS length)
  string(SUBSTRING "${page}" ${place} 8000 piece)
  string(LENGTH "${piece}" size)
  math(EXPR place "${place} + ${size}")
  string(APPEND text "R\"page(${piece})page\"\n")
endwhile()
string(APPEND text ";\n\n}  // namespace gmmseg\n")
file(WRITE ${OUTPUT} "${text}")
