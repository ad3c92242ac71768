/// Database API: tables of rows with a primary key and up to 16 secondary indices, and tables of one row.
#pragma once

#include <snapscale/database/multi_index.hpp>
#include <snapscale/database/singleton.hpp>
